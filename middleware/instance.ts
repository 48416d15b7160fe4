import cluster from 'node:cluster';
import { hostname } from 'node:os';
import { isMainThread, threadId } from 'node:worker_threads';
import type { Instance } from '../protocol/index.js';
import { pm2Process } from './pm2.js';

/** This process (or this thread of it), as the collector knows it. The id is new at each start. */
export function describeInstance(service: string): Instance {
  const host = hostname();
  const started = Math.round(performance.timeOrigin).toString(36);
  return {
    id: `${host}:${process.pid}${isMainThread ? '' : `.${threadId}`}:${started}`,
    service,
    serviceVersion: process.env.npm_package_version ?? '',
    host,
    pid: process.pid,
    nodeVersion: process.versions.node,
    role: role(),
  };
}

function role(): string {
  if (!isMainThread) return `worker thread ${threadId}`;
  // Its workers of a cluster too are known by PM2's numbers, as its own logs have them.
  const pm2 = pm2Process();
  if (pm2 !== null) return `PM2 ${pm2.id}|${pm2.name}`;
  const clusterId = cluster.worker?.id;
  return clusterId === undefined ? 'main' : `cluster worker ${clusterId}`;
}
