import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { NODES } from './process.js';

const FIXTURE = fileURLToPath(new URL('./fixtures/beginning.js', import.meta.url));

/** How many watchdog threads there were when the program's own code had run, and when it ended. */
async function threadsOf(node: string, what: string): Promise<{ atEnd: number; inAll: number }> {
  const { stdout, stderr } = await promisify(execFile)(node, [FIXTURE, what]);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

test.each(NODES)('%s: starts no thread for a program that is over before it waits for anything', async (node) => {
  expect(await threadsOf(node, 'computes and ends')).toEqual({ atEnd: 0, inAll: 0 });
});

test.each(NODES)('%s: starts the thread when the program has loaded and waits', async (node) => {
  expect(await threadsOf(node, 'waits')).toEqual({ atEnd: 0, inAll: 1 });
});

test.each(NODES)('%s: starts the thread at once when a view runs', async (node) => {
  expect(await threadsOf(node, 'serves a view')).toEqual({ atEnd: 1, inAll: 1 });
});
