import { type Collector, startCollector } from 'holdup/collector';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Child, ROOT, until } from '../support/child.js';

let collector: Collector;
let app: Child;

beforeAll(async () => {
  collector = await startCollector({ port: 0 });
  app = new Child(`${ROOT}test/middleware/fixtures/mistakes.mjs`, {
    env: { HOLDUP_COLLECTOR: collector.url, HOLDUP_REDACT: 'mistakes|readNow|/file' },
  });
});
afterAll(async () => {
  await app.stop();
  await collector.stop();
});

test('what the option redact matches never leaves the process', async () => {
  const url = await app.url();
  for (let i = 0; i < 3; i++) await (await fetch(`${url}/file`)).text();
  const seen = await until('the incident and the view are known', async () => {
    const [incidents, views] = await Promise.all(
      ['incidents', 'views'].map(async (what) => (await fetch(`${collector.url}api/v1/${what}`)).text()),
    );
    return incidents?.includes('fs.readFileSync') && views?.includes('"requests":3') && `${incidents} ${views}`;
  });
  expect(seen).toContain('[redacted]');
  expect(seen).not.toMatch(/mistakes|readNow|\/file"/);
});
