import cluster from 'node:cluster';
import { hostname } from 'node:os';
import { isMainThread, threadId } from 'node:worker_threads';
import type { Instance } from '../protocol/index.js';

/** This process (or this thread of it), as the collector knows it. The id is new at each start. */
export function describeInstance(service: string): Instance {
  const host = hostname();
  const clusterId = cluster.worker?.id;
  const role = !isMainThread
    ? `worker thread ${threadId}`
    : clusterId === undefined
      ? 'main'
      : `cluster worker ${clusterId}`;
  const started = Math.round(performance.timeOrigin).toString(36);
  return {
    id: `${host}:${process.pid}${isMainThread ? '' : `.${threadId}`}:${started}`,
    service,
    serviceVersion: process.env.npm_package_version ?? '',
    host,
    pid: process.pid,
    nodeVersion: process.versions.node,
    role,
  };
}
