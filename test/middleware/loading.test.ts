import { startCollector } from 'holdup/collector';
import { type IncidentList, START_UP_ROUTE, type ViewList } from 'holdup/protocol';
import { expect, test } from 'vitest';
import { Child, getJson, NODES, ROOT, until } from '../support/child.js';

test.each(NODES)(
  'on Node $version, a hold while the program loads is cold, and no view of its own',
  async ({ path }) => {
    const collector = await startCollector({ port: 0 });
    const app = new Child(`${ROOT}test/middleware/fixtures/loading.mjs`, {
      node: path,
      env: { HOLDUP_COLLECTOR: collector.url },
    });
    try {
      const url = await app.url();
      await (await fetch(url)).text();
      const incident = await until('the hold is told of', async () => {
        const { incidents } = await getJson<IncidentList>(`${collector.url}api/v1/incidents`);
        return incidents.find(({ view }) => view.route === START_UP_ROUTE);
      });
      expect(incident).toMatchObject({ kind: 'block', cause: 'code', count: 0, delayedRequests: 0 });
      expect(incident.coldCount).toBeGreaterThan(0);
      expect(incident.maxMs).toBeGreaterThanOrEqual(140);
      const { views } = await until('the request is counted', async () => {
        const list = await getJson<ViewList>(`${collector.url}api/v1/views`);
        return list.views.some(({ requests }) => requests > 0) && list;
      });
      expect(views.map(({ route }) => route)).not.toContain(START_UP_ROUTE);
    } finally {
      await app.stop();
      await collector.stop();
    }
  },
);
