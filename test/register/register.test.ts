import { type Collector, startCollector } from 'holdup/collector';
import type { IncidentList, IncidentSummary, InstanceList, ViewList } from 'holdup/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Child, type ChildOptions, getJson, NODES, ROOT, until } from '../support/child.js';

const FIXTURES = `${ROOT}test/register/fixtures/`;
const REGISTER = ['--import', 'holdup/register'];

let collector: Collector;
beforeAll(async () => {
  collector = await startCollector({ port: 0 });
});
afterAll(() => collector.stop());

const BOOK = '/shop/books/:id';

/** Starts an app, asks it for a book, and returns what the collector then knows of the call it made. */
async function incidentOf(
  service: string,
  script: string,
  { args = [], execArgv = REGISTER, env = {}, node = process.execPath }: ChildOptions,
  whileItRuns: () => Promise<void> = async () => {},
): Promise<{ incident: IncidentSummary; stderr: string }> {
  const child = new Child(FIXTURES + script, {
    args,
    execArgv,
    node,
    env: { HOLDUP_COLLECTOR: collector.url, HOLDUP_SERVICE: service, ...env },
  });
  try {
    const url = await child.url();
    // Twice: the first call of a place is cold.
    for (let i = 0; i < 2; i++) expect((await fetch(`${url}/shop/books/1`)).status).toBe(200);
    const incident = await until('the collector knows the call', async () => {
      const { incidents } = await getJson<IncidentList>(`${collector.url}api/v1/incidents?service=${service}`);
      return incidents.find((each) => each.view.route === BOOK && each.count + each.coldCount >= 2);
    });
    await whileItRuns();
    return { incident, stderr: child.stderr };
  } finally {
    await child.stop();
  }
}

describe.each(NODES)('on Node $version', ({ version, path }) => {
  test.each([
    ['a CommonJS app', 'app.cjs', []],
    ['an ES module with Express 4', 'app.mjs', ['express4']],
  ])('watches %s that says nothing of Holdup', async (_what, script, args) => {
    const service = `node-${version}-${script}-${args.join()}`;
    const { incident, stderr } = await incidentOf(service, script, { args, node: path });
    expect(incident).toMatchObject({
      operation: 'fs.readFileSync',
      view: { method: 'GET', route: BOOK, handler: 'readBook' },
      site: { function: 'readBook' },
      service,
    });
    expect(incident.site.file.endsWith(script)).toBe(true);
    expect(stderr).toMatch(/^holdup: guard armed: \d+ sync-only operations/m);
    expect(stderr).not.toContain('loaded before the guard');
  });

  test.runIf(Number(version) >= 22)('watches a TypeScript app that Node itself strips of its types', async () => {
    const { incident } = await incidentOf(`types-${version}`, 'typed.ts', { node: path });
    expect(incident).toMatchObject({ operation: 'fs.readFileSync', site: { function: 'readBook', line: 13 } });
  });
});

test('watches a TypeScript app that tsx runs', async () => {
  const { incident } = await incidentOf('tsx', 'typed.ts', { execArgv: [...REGISTER, '--import', 'tsx'] });
  expect(incident).toMatchObject({ operation: 'fs.readFileSync', site: { function: 'readBook' } });
});

test('is started by NODE_OPTIONS just as well', async () => {
  const env = { NODE_OPTIONS: '--import=holdup/register' };
  const { incident } = await incidentOf('node-options', 'app.mjs', { execArgv: [], env });
  expect(incident.operation).toBe('fs.readFileSync');
});

test.each([
  ['that Node shares the connections out to', 'rr'],
  ['that the system shares the connections out to', 'none'],
])('watches each worker of a cluster %s, and says so once', async (_how, policy) => {
  const service = `clustered-${policy}`;
  let instances: InstanceList['instances'] = [];
  const { stderr } = await incidentOf(
    service,
    'cluster.mjs',
    { env: { NODE_CLUSTER_SCHED_POLICY: policy } },
    async () => {
      ({ instances } = await until('all have reported', async () => {
        const list = await getJson<InstanceList>(`${collector.url}api/v1/instances`);
        return list.instances.filter((each) => each.service === service).length === 3 && list;
      }));
    },
  );
  const roles = instances.filter((each) => each.service === service).map(({ role }) => role);
  expect(roles.sort()).toEqual(['cluster worker 1', 'cluster worker 2', 'main']);
  expect(stderr.match(/guard armed/g)).toHaveLength(1);
});

test('watches worker threads only when it is asked to', async () => {
  const child = new Child(`${FIXTURES}threads.mjs`, {
    execArgv: REGISTER,
    env: { HOLDUP_COLLECTOR: collector.url, HOLDUP_SERVICE: 'threads-off' },
  });
  expect((await fetch(`${await child.url()}/shop/books/1`)).status).toBe(200);
  await until('the main thread has reported', async () => {
    const { instances } = await getJson<InstanceList>(`${collector.url}api/v1/instances`);
    return instances.some(({ service }) => service === 'threads-off');
  });
  await child.stop();
  const { views } = await getJson<ViewList>(`${collector.url}api/v1/views`);
  expect(views.filter(({ service }) => service === 'threads-off')).toEqual([]);

  const { incident } = await incidentOf('threads-on', 'threads.mjs', { env: { HOLDUP_WORKERS: '1' } });
  expect(incident.operation).toBe('fs.readFileSync');
  const { instances } = await getJson<InstanceList>(`${collector.url}api/v1/instances?service=threads-on`);
  expect(instances.some(({ role }) => /^worker thread \d+$/.test(role))).toBe(true);
});

test('counts a request once in an app that says app.use(holdup()) too, and takes over its options', async () => {
  let views: ViewList['views'] = [];
  const { incident } = await incidentOf('explicit', 'explicit.cjs', {}, async () => {
    ({ views } = await until('both requests have been reported', async () => {
      const list = await getJson<ViewList>(`${collector.url}api/v1/views`);
      return list.views.some((view) => view.service === 'explicit' && view.requests >= 2) && list;
    }));
  });
  expect(incident).toMatchObject({ operation: 'fs.readFileSync', allowed: 'asked for in the app' });
  const served = views.filter(({ service, method }) => service === 'explicit' && method === 'GET');
  expect(served).toMatchObject([{ route: BOOK, requests: 2 }]);
});

test('runs without register from require() in CommonJS', async () => {
  const { incident } = await incidentOf('required', 'explicit.cjs', { execArgv: [] });
  expect(incident).toMatchObject({ operation: 'fs.readFileSync', view: { route: BOOK } });
});

describe('a program without Express', () => {
  async function run(env: Record<string, string>, args: string[] = []): Promise<Child> {
    const child = new Child(`${FIXTURES}plain.mjs`, {
      execArgv: REGISTER,
      args,
      env: { HOLDUP_COLLECTOR: 'false', ...env },
    });
    await child.exited;
    return child;
  }

  test('runs as ever and ends by itself with its own code', async () => {
    const child = await run({}, ['3']);
    expect([child.stdout, child.process.exitCode]).toEqual(['read true\n', 3]);
  });

  test('hears nothing in production', async () => {
    expect((await run({ NODE_ENV: 'production' })).stderr).toBe('');
  });

  test('hears nothing when the mode is off', async () => {
    expect((await run({ HOLDUP_MODE: 'off' })).stderr).toBe('');
  });

  test.each([
    ['HOLDUP_MODE', 'loud'],
    ['HOLDUP_BLOCK_THRESHOLD_MS', 'fast'],
    ['HOLDUP_WORKERS', 'some'],
  ])('does not start when %s is bad, and says why in one line', async (variable, value) => {
    const child = await run({ [variable]: value });
    expect(child.process.exitCode).toBe(1);
    expect(child.stdout).toBe('');
    expect(child.stderr).toMatch(new RegExp(`^holdup: ${variable} is "${value}"; accepted: .*\n$`));
  });
});
