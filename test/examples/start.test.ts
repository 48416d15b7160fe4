import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import {
  type IncidentDetail,
  type IncidentList,
  type IncidentSummary,
  type InstanceList,
  viewName,
} from 'holdup/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Child, getJson, ROOT, until } from '../support/child.js';

/** What the bookshop does wrong, where, and the text of the line that does it. */
const MISTAKES = [
  {
    view: 'GET /export',
    operation: /^fs\.readFileSync$/,
    file: 'examples/bookshop/views/export.js',
    source: 'JSON.parse(readFileSync(catalogueFile',
  },
  {
    view: 'POST /login',
    operation: /^crypto\.pbkdf2Sync$/,
    file: 'examples/bookshop/views/login.js',
    source: 'const hash = crypto.pbkdf2Sync(password',
  },
  {
    // The driver's call by its name, or, for a driver nobody knows, as the block it is.
    view: 'GET /books',
    operation: /\.(all|iterate)$|^\(block\)$/,
    file: 'examples/bookshop/books-queries.js',
    source: 'return ranked.all(limit)',
  },
] as const;

/** Not `bookshop`: somebody may be looking at theirs. */
const SERVICE = `bookshop-${process.pid}`;
const ALL_NAMED_WITHIN_MS = 30_000;

describe('npm start', () => {
  let started: Child;
  let dashboard: string;
  let shop: string;

  beforeAll(async () => {
    started = new Child('scripts/start.mjs', {
      env: { BOOKSHOP_PORT: String(await freePort()), OTEL_SERVICE_NAME: SERVICE },
    });
    shop = (await started.said(/The bookshop\s+(http:\S+)/))[1] as string;
    dashboard = ((await started.said(/Holdup's page\s+(http:\S+)/))[1] as string).replace(/\/$/, '');
  });

  afterAll(async () => {
    if (started.process.exitCode === null) await started.stop('SIGKILL');
  });

  for (const { view, operation, file, source } of MISTAKES) {
    test(`names ${operation.source} in ${view}, its file and its line`, {
      timeout: ALL_NAMED_WITHIN_MS + 5000,
    }, async () => {
      const incident = await until(
        `${view} is a steady incident`,
        async () =>
          (await incidents()).find(
            (each) => viewName(each.view) === view && operation.test(each.operation) && each.count > 0,
          ),
        ALL_NAMED_WITHIN_MS,
      );
      expect(incident.site.file).toBe(`${ROOT}${file}`);
      expect(incident.site.line).toBe(lineOf(file, source));
      expect(incident.view.kind).toBe('async');
    });
  }

  test('accuses no repaired twin of holding the loop itself', async () => {
    // A repaired view may see its first-time work and what is not its fault; it has no steady incident of its own code.
    const accused = (await incidents()).filter(
      (each) =>
        each.view.route.endsWith('/repaired') && each.count > 0 && each.cause === 'code' && each.kind === 'sync-only',
    );
    expect(accused.map((each) => `${viewName(each.view)}: ${each.operation}`)).toEqual([]);
  });

  test('gives every steady hold of a view its line, and a freeze frame with its stack', async () => {
    const held = (await incidents()).filter(
      ({ cause, view, count, maxMs }) => cause === 'code' && view.method !== '' && count > 0 && maxMs >= 100,
    );
    expect(held.length).toBeGreaterThan(0);
    for (const { fingerprint, view } of held) {
      const { site, samples } = await getJson<IncidentDetail>(
        `${dashboard}/api/v1/incidents/${fingerprint}?service=${SERVICE}`,
      );
      expect(site.line, viewName(view)).toBeGreaterThan(0);
      expect(samples[0]?.stack.length, viewName(view)).toBeGreaterThan(0);
    }
  });

  test('shows both worker processes as instances of the bookshop', async () => {
    const instances = await until('two instances report', async () => {
      const list = await getJson<InstanceList>(`${dashboard}/api/v1/instances`);
      const alive = list.instances.filter((each) => each.service === SERVICE && each.state !== 'gone');
      return alive.length === 2 && alive;
    });
    expect(new Set(instances.map((each) => each.pid)).size).toBe(2);
  });

  test('serves the repaired views of the shop', async () => {
    const answer = await fetch(`${shop}/books/repaired`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ books: expect.arrayContaining([]) });
  });

  test('ends with everything it started on Ctrl-C', async () => {
    const family = descendantsOf(started.process.pid as number);
    // The shop's first process, two workers, the traffic.
    if (existsSync('/proc')) expect(family.length).toBeGreaterThanOrEqual(4);
    expect(await started.stop('SIGINT')).toBe(0);
    // Nothing of Holdup's keeps a worker alive that has closed its server.
    expect(started.stderr).not.toContain('did not end by itself');
    await until('no process is left', () => family.every((pid) => !isAlive(pid)));
    await expect(fetch(shop)).rejects.toThrow();
  });

  async function incidents(): Promise<readonly IncidentSummary[]> {
    return (await getJson<IncidentList>(`${dashboard}/api/v1/incidents?limit=200&service=${SERVICE}`)).incidents;
  }
});

/** The number of the one line of a file that has this text. */
function lineOf(file: string, source: string): number {
  const lines = readFileSync(`${ROOT}${file}`, 'utf8').split('\n');
  const at = lines.findIndex((line) => line.includes(source));
  expect(at).toBeGreaterThanOrEqual(0);
  return at + 1;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The processes a process started, and theirs. Empty where there is no /proc. */
function descendantsOf(pid: number): number[] {
  if (!existsSync('/proc')) return [];
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number);
  return [...children, ...children.flatMap(descendantsOf)];
}

function parentOf(pid: string): number {
  try {
    // The name in brackets may hold anything, so what follows is read from behind it.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
