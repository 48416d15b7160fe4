// Many pages at once, while 200 processes report: does each get every delta, and how late?
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startInstances } from './load.mjs';
import { startMeasured } from './measured.mjs';

const INSTANCES = 200;

export async function runPages(pages, seconds) {
  const collector = await startMeasured();
  const load = await startInstances({
    url: collector.url,
    instances: INSTANCES,
    // Until it is stopped.
    seconds: seconds * 10,
    encoding: 'gzip',
  });
  const script = fileURLToPath(new URL('./pages.mjs', import.meta.url));
  const watch = spawn(process.execPath, [script, JSON.stringify({ url: collector.url, pages, seconds })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { value } = await createInterface(watch.stdout)[Symbol.asyncIterator]().next();
  await load.stop();
  await collector.stop();
  const { deltas, missed, told, p50Ms, p99Ms } = JSON.parse(value);
  const text = `${pages} pages open for ${seconds} s: ${deltas} deltas received, ${missed} missed without a word, ${told} missed and told; from the collector's clock to the page p50 ${p50Ms.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms.`;
  console.error(`collector: ${text}`);
  return text;
}
