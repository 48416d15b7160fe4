import { connect } from 'node:net';

/** The port on which a machine's own collector is found. */
const COLLECTOR_PORT = 4653;

/** Everything the app is measured under; the first is the bare one. */
export async function variantsOf(collectorUrl, sink) {
  const under = (name, variant, env = {}, more = {}) => ({
    name,
    env: { VARIANT: variant, BENCH_SINK: sink, ...env },
    ...more,
  });
  const remote = { HOLDUP_COLLECTOR: collectorUrl };
  const variants = [
    under('bare', 'bare'),
    under('bare again (the noise)', 'bare'),
    under('AsyncLocalStorage alone', 'async-local-storage'),
    under('**Holdup** (collector elsewhere)', 'holdup', remote),
    under('**Holdup**, `accounting: exact`', 'holdup', { ...remote, HOLDUP_ACCOUNTING: 'exact' }),
    under('**Holdup**, `mode: off`', 'holdup', { HOLDUP_MODE: 'off' }),
    under('**Holdup**, collector embedded', 'holdup', { HOLDUP_COLLECTOR: 'embedded' }),
    under('express-status-monitor', 'status-monitor'),
    under('express-prom-bundle', 'prom-bundle'),
    under('swagger-stats', 'swagger-stats'),
    under('blocked-at', 'blocked-at'),
    under('OpenTelemetry http + express + runtime', 'opentelemetry'),
    under('Sentry', 'sentry'),
    under('Sentry + event loop block', 'sentry-block'),
    under('`--trace-sync-io`', 'bare', {}, { nodeArgs: ['--trace-sync-io'] }),
  ];
  if (!(await somebodyListens(COLLECTOR_PORT))) return variants;
  console.error(`peers: port ${COLLECTOR_PORT} is taken, so there is no embedded collector to measure.`);
  return variants.filter(({ env }) => env.HOLDUP_COLLECTOR !== 'embedded');
}

function somebodyListens(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
