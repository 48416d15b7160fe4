// `npm run bench -- fuzz [--quick] [--requests N]`: what a collector does with 100,000 payloads that somebody made up.
import { fuzz } from './fuzz.mjs';

export const summary = '100,000 honest and hostile payloads to one collector';

const SEED = 20_261_122;

export async function bench({ quick = false, requests } = {}) {
  const payloads = requests ?? (quick ? 5000 : 100_000);
  const result = await fuzz({ payloads, seed: SEED });
  for (const fault of result.faults.slice(0, 20)) console.error(fault);
  const mb = (bytes) => Math.round(bytes / 1e6);
  const { honest, weights } = result;
  return [
    `${result.payloads.toLocaleString('en')} payloads (seed ${SEED}) in ${Math.round(result.seconds)} s to a collector with a SQLite store:`,
    `told to come again ${result.again} times; ${result.faults.length} wrong answers or mistakes, ${result.wrongSums.length} wrong sums over ${honest.requests.toLocaleString('en')} honest`,
    `requests and ${honest.occurrences.toLocaleString('en')} occurrences, before and after a restart.`,
    ...result.wrongSums.slice(0, 10).map((each) => `- ${each}`),
    '',
    '| payload | 200 | 400 | 413 | 415 | other |',
    '|---|--:|--:|--:|--:|--:|',
    ...Object.entries(result.kinds).map(([kind, statuses]) => {
      const { 200: ok = 0, 400: bad = 0, 413: large = 0, 415: type = 0, ...others } = statuses;
      const other = Object.values(others).reduce((sum, each) => sum + each, 0);
      return `| ${[kind, ok, bad, large, type, other].join(' | ')} |`;
    }),
    '',
    '| after | heap MB | outside the heap MB | RSS MB |',
    '|--:|--:|--:|--:|',
    ...weights.map(({ heapUsed, external, rss }, i) => {
      const share = `${((i + 1) * 100) / weights.length} %`;
      return `| ${[share, mb(heapUsed), mb(external), mb(rss)].join(' | ')} |`;
    }),
  ].join('\n');
}
