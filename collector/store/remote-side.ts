import { fork } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import type { RemoteStart, StoreAnswer, StoreCall } from './remote.js';

const REMOTE = new URL('./remote.js', import.meta.url);

/** A thread or a process that works for the store; it keeps nobody alive. */
export interface RemoteSide {
  readonly post: (call: StoreCall) => void;
  readonly onMessage: (listener: (answer: StoreAnswer) => void) => void;
  readonly onEnd: (listener: (error: Error) => void) => void;
  /** Resolves once it has ended, and with it its locks. */
  readonly end: () => Promise<unknown>;
}

export function startRemoteSide(start: RemoteStart): RemoteSide {
  return start.location.type === 'sqlite' ? startProcess(start) : startThread(start);
}

function startThread(workerData: RemoteStart): RemoteSide {
  const worker = new Worker(REMOTE, { name: 'holdup store', workerData, execArgv: [], argv: [] });
  worker.unref();
  return {
    post: (call) => worker.postMessage(call),
    onMessage: (listener) => worker.on('message', listener),
    onEnd: (listener) => {
      worker.on('error', listener);
      worker.on('exit', () => listener(new Error('the thread of the store ended')));
    },
    end: () => worker.terminate(),
  };
}

function startProcess(start: RemoteStart): RemoteSide {
  // A program that is watched by NODE_OPTIONS must not have its store watched too.
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const child = fork(REMOTE, [JSON.stringify(start)], {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env,
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.unref();
  child.channel?.unref();
  return {
    post: (call) => {
      // An end that was not heard of yet; `onEnd` tells.
      child.send(call, () => {});
    },
    onMessage: (listener) => child.on('message', (answer) => listener(answer as StoreAnswer)),
    onEnd: (listener) => {
      child.on('error', listener);
      child.on('exit', () => listener(new Error('the process of the store ended')));
    },
    // It saves what it was given, and goes.
    end: () => {
      if (child.connected) child.disconnect();
      return ended;
    },
  };
}
