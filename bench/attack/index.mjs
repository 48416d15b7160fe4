// `npm run bench -- attack [--quick]`: what 100,000 invented routes and fingerprints cost a collector.
import { attack } from './attack.mjs';

export const summary = '100,000 invented routes and fingerprints to one collector';

export async function bench({ quick = false } = {}) {
  const names = quick ? 20_000 : 100_000;
  const result = await attack({ routes: names, fingerprints: names, fat: names / 50 });
  for (const mistake of result.mistakes.slice(0, 20)) console.error(mistake);
  const mb = (bytes) => Math.round(bytes / 1e6);
  const dropped = Object.entries(result.dropped).map(([what, count]) => `${count.toLocaleString('en')} ${what}`);
  return [
    `${result.mistakes.length} mistakes. Kept: ${result.views.toLocaleString('en')} views with all`,
    `${result.requests.toLocaleString('en')} requests, ${result.incidents.toLocaleString('en')} incident groups. Told as`,
    `dropped, in the API, in \`/metrics\` and on the page: ${dropped.join(', ')}. \`/metrics\`:`,
    `${mb(result.metrics.bytes)} MB in ${Math.round(result.metrics.ms)} ms.`,
    '',
    '| after | heap MB | RSS MB |',
    '|---|--:|--:|',
    ...result.weights.map(({ after, heapUsed, rss }) => `| ${after} | ${mb(heapUsed)} | ${mb(rss)} |`),
  ].join('\n');
}
