import { type Collector, startCollector } from 'holdup/collector';
import type { IncidentList, InstanceList, InstanceSummary } from 'holdup/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Child, getJson, NODES, ROOT, until } from '../support/child.js';

let collector: Collector;
let app: Child;

beforeEach(async () => {
  collector = await startCollector({ port: 0 });
});
afterEach(async () => {
  await app.stop('SIGKILL');
  await collector.stop();
});

async function instance(): Promise<InstanceSummary | undefined> {
  return (await getJson<InstanceList>(`${collector.url}api/v1/instances`)).instances[0];
}

describe.each(NODES.filter(({ version }) => version !== '26'))('on Node $version', ({ path }) => {
  test.each([
    ['/spin/60000', 'GET /spin/:ms'],
    ['/spin-later/60000', 'GET /spin-later/:ms'],
  ])(
    'an endless loop in %s shows as blocked while it spins, with its view and a growing time',
    async (target, view) => {
      app = new Child(`${ROOT}test/middleware/fixtures/mistakes.mjs`, {
        node: path,
        env: { HOLDUP_COLLECTOR: collector.url },
      });
      const url = await app.url();
      await until('the instance is known', instance);
      const abort = new AbortController();
      const pending = fetch(url + target, { signal: abort.signal }).catch(() => {});
      const first = await until('it is blocked', async () => {
        const seen = await instance();
        return seen?.state === 'blocked' && seen.blockedView !== null && seen;
      });
      expect(first.blockedView).toBe(view);
      await until('the time grows', async () => ((await instance())?.blockedForMs ?? 0) > first.blockedForMs + 200);
      const named = await until('the block is an incident with its line', async () => {
        const { incidents } = await getJson<IncidentList>(`${collector.url}api/v1/incidents`);
        return incidents.find(({ kind, site }) => kind === 'block' && site.line > 0);
      });
      expect(named.site.file).toContain('mistakes.mjs');
      expect(named.site.function).toContain('spinFor');
      abort.abort();
      await pending;
    },
  );
});
