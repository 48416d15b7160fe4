import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Blocker, until } from './process.js';

const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function watched(port: number, type = 'embedded'): Blocker {
  const blocker = new Blocker({ destination: { type, port } });
  ending.push(() => blocker.kill());
  return blocker;
}

const found = (blocker: Blocker) =>
  until('a collector', () => blocker.messages.findLast((each) => each.type === 'collector'));

async function instancesAt(url: string): Promise<string[]> {
  try {
    const answer = await fetch(`${url}/api/v1/instances`);
    const { instances } = (await answer.json()) as { instances: { id: string; state: string }[] };
    return instances.filter((each) => each.state === 'ok').map((each) => each.id);
  } catch {
    return [];
  }
}

async function untilInstances(url: string, ids: string[]): Promise<void> {
  const end = Date.now() + 10_000;
  while (Date.now() < end) {
    const present = await instancesAt(url);
    if (ids.every((id) => present.includes(id))) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${ids.join()} never reported to ${url}`);
}

const id = (blocker: Blocker) => `fixture-${blocker.child.pid}`;

test('starts one collector for all processes of a machine, and another process takes over when its owner is killed', async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const all = [watched(port), watched(port), watched(port)];
  const hows = await Promise.all(all.map(async (each) => (await found(each)).how));
  expect([...hows].sort()).toEqual(['embedded', 'joined', 'joined']);
  await untilInstances(url, all.map(id));

  const owner = all[hows.indexOf('embedded')] as Blocker;
  const rest = all.filter((each) => each !== owner);
  await owner.kill();
  const killedAt = Date.now();
  await until('a new owner', () =>
    rest.some((each) => each.messages.findLast((m) => m.type === 'collector')?.how === 'embedded'),
  );
  await untilInstances(url, rest.map(id));
  console.log(`taken over ${Date.now() - killedAt} ms after SIGKILL`);
});

test('warns and takes the next port when another program has it', async () => {
  const other = createServer((_request, response) => response.end('something else'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  ending.push(() => new Promise((resolve) => other.close(resolve)));
  const { port } = other.address() as AddressInfo;
  const blocker = watched(port);
  const collector = await found(blocker);
  expect(collector).toMatchObject({ how: 'embedded', url: expect.not.stringContaining(`:${port}`) });
  expect(blocker.messages.find((each) => each.type === 'warning')?.text).toContain(
    `port ${port} belongs to another program`,
  );
});

test('opens no port when it may only join, and joins as soon as there is a collector', async () => {
  const port = await freePort();
  const joiner = watched(port, 'join');
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(joiner.messages.filter((each) => each.type === 'collector')).toEqual([]);
  const owner = watched(port);
  expect(await found(owner)).toMatchObject({ how: 'embedded' });
  expect(await found(joiner)).toMatchObject({ how: 'joined', url: `http://127.0.0.1:${port}` });
});
