import { afterEach, describe, expect, test } from 'vitest';
import { Blocker, NODES, until } from './process.js';
import { startReceiver } from './receiver.js';

const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function watched(node: string, job: object = {}) {
  const receiver = await startReceiver();
  ending.push(receiver.stop);
  const blocker = new Blocker({ destination: { type: 'remote', url: receiver.url }, ...job }, { node });
  ending.push(() => blocker.kill());
  await until('the thread', () => receiver.reports.length > 0);
  return { receiver, blocker };
}

describe.each(NODES)('%s', (node) => {
  test('names the view, function and line of blocks, after an await and in a regular expression', async () => {
    const { receiver, blocker } = await watched(node);
    blocker.run('spin:250', 'sleep:60', 'regex:24', 'sleep:60', 'background:250', 'sleep:60', 'spin:60', 'sleep:60');
    const wanted = ['/spin', '/regex', '(background)'];
    await until('the blocks', () =>
      wanted.every((route) => receiver.incidents.some((each) => each.view.route === route)),
    );
    await until('the end', () => blocker.messages.some((each) => each.type === 'done'));

    const spin = receiver.incidents.find((each) => each.view.route === '/spin');
    expect(spin).toMatchObject({
      kind: 'block',
      operation: '(block)',
      cause: 'code',
      site: { function: 'burn', line: 4 },
    });
    expect(spin?.site.file).toMatch(/fixtures\/library\.js$/);
    expect(spin?.codeFrame?.lines.join('\n')).toContain('process.cpuUsage(from)');
    expect(spin?.samples[0]?.stack.map((frame) => frame.function)).toEqual(expect.arrayContaining(['burn', 'spin']));
    const regex = receiver.incidents.find((each) => each.view.route === '/regex');
    expect(regex?.site.file).toMatch(/fixtures\/blocker\.js$/);
    expect(regex?.samples[0]?.stack[0]?.function).toBe('RegExp.test');
    expect(receiver.incidents.find((each) => each.view.route === '(background)')?.site.function).toBe('burn');
    // The main thread knew the culprit, too, before each block ended.
    const culprits = blocker.messages.filter((each) => each.type === 'held').flatMap((each) => each.culprits);
    expect(culprits).toEqual(expect.arrayContaining([7, 8, 0]));
  });

  test('never blames the code that merely came after a native call', async () => {
    const { receiver, blocker } = await watched(node);
    blocker.run('native:400000', 'sleep:60');
    const block = await until('the block', () => receiver.incidents.find((each) => each.maxMs > 150));
    expect(['(unknown)', 'GET /native']).toContain(`${block.view.method} ${block.view.route}`.trim());
    expect(block.site.function).not.toBe('burn');
  });

  test('names an endless loop while it spins, and the name outlives a SIGKILL', async () => {
    const { receiver, blocker } = await watched(node);
    const startedAt = Date.now();
    blocker.run('forever');
    const incident = await until('the incident', () => receiver.incidents.find((each) => each.view.route === '/spin'));
    const namedAfterMs = Date.now() - startedAt;
    expect(incident).toMatchObject({ count: 0, view: { route: '/spin' }, site: { function: 'spinForever', line: 9 } });
    const held = await until('two live reports', () => {
      const live = receiver.reports.flatMap(({ loop }) => (loop.blocked === null ? [] : [loop.blocked]));
      return live.length >= 3 && live;
    });
    const seconds = held.map((each) => each.forSeconds);
    expect([...seconds].sort((a, b) => a - b)).toEqual(seconds);
    expect(held.at(-1)?.view).toMatchObject({ method: 'GET', route: '/spin' });
    console.log(`endless loop named after ${namedAfterMs} ms; live after ${seconds[0]?.toFixed(3)} s`);
    expect((await blocker.kill()).signal).toBe('SIGKILL');
  });

  test('says at once that a block is over, and gives its end the fingerprint it had while it lasted', async () => {
    const { receiver, blocker } = await watched(node, { drainEveryMs: 600 });
    blocker.run('spin:900', 'sleep:200');
    const end = await until('the end', () => receiver.incidents.find((each) => each.count > 0 && each.maxMs > 600));
    const ongoing = receiver.incidents.find((each) => each.count === 0 && each.fingerprint === end.fingerprint);
    expect(ongoing?.fingerprint).toBe(end.fingerprint);
    expect(ongoing?.samples[0]?.at).toBe(end.samples[0]?.at);
    expect(end.totalMs).toBeGreaterThan(600);
    await until('a report without a block', () => {
      const last = receiver.reports.findLastIndex((each) => each.loop.blocked !== null);
      return last !== -1 && last < receiver.reports.length - 1;
    });
  });

  test('lets the process end as it would without a watchdog', async () => {
    const receiver = await startReceiver();
    ending.push(receiver.stop);
    const job = { destination: { type: 'remote', url: receiver.url } };
    const quiet = await new Blocker({ ...job, steps: ['spin:200'] }, { node, ipc: false }).ended;
    expect(quiet).toEqual({ code: 0, signal: null, output: '' });
    const early = await new Blocker({ ...job, steps: ['spin:100', 'exit:3'] }, { node, ipc: false }).ended;
    expect(early).toEqual({ code: 3, signal: null, output: '' });
    const paused = await new Blocker({ ...job, steps: ['spin:100', 'debugger', 'spin:100'] }, { node, ipc: false })
      .ended;
    expect(paused).toEqual({ code: 0, signal: null, output: '' });
  });

  test('sends what is left when it is stopped, says goodbye, and leaves the loop free', async () => {
    const { receiver, blocker } = await watched(node);
    blocker.run('spin:150', 'sleep:30', 'stop');
    await until('the stop', () => blocker.messages.find((each) => each.type === 'done'));
    expect(receiver.reports.at(-1)?.goodbye).toBe(true);
    expect(receiver.incidents.some((each) => each.count > 0)).toBe(true);
    const sequences = receiver.reports.map((each) => each.sequence);
    expect(sequences).toEqual(sequences.map((_, index) => (sequences[0] ?? 0) + index));
  });

  test('gives a block the cause host when the process itself was stopped', async () => {
    const { receiver, blocker } = await watched(node);
    process.kill(blocker.child.pid as number, 'SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 400));
    process.kill(blocker.child.pid as number, 'SIGCONT');
    const block = await until('the block', () => receiver.incidents.find((each) => each.maxMs > 300));
    expect(block).toMatchObject({ cause: 'host', view: { route: '(unknown)' } });
  });
});
