// What the app can run under. Each answers the middleware that comes first, and what is done to the app when its routes
// are there; most of these tools want to be started before Express is loaded. Options are the ones of each tool's own
// instructions, unless said.
import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../../scripts/lib/run.mjs';

/** From the folder that `bench/peers/packages.mjs` installs a peer into. */
function loaderOf(peer) {
  return createRequire(join(root, '.cache', 'peers', peer, 'package.json'));
}

const SINK = process.env.BENCH_SINK;

export const UNDER = {
  bare: async () => ({}),
  /** What any view run costs at least: one store a request. */
  'async-local-storage': async () => {
    const storage = new AsyncLocalStorage();
    return { middleware: [(request, _response, next) => storage.run({ request }, next)] };
  },
  /** Its options come from the environment. */
  holdup: async () => ({ middleware: [(await import('holdup/express')).holdup()] }),

  'prom-bundle': async () => {
    const promBundle = loaderOf('prom-bundle')('express-prom-bundle');
    return { middleware: [promBundle({ includeMethod: true, includePath: true })] };
  },
  'status-monitor': async () => ({ middleware: [loaderOf('status-monitor')('express-status-monitor')()] }),
  'swagger-stats': async () => ({ middleware: [loaderOf('swagger-stats')('swagger-stats').getMiddleware({})] }),
  'blocked-at': async () => {
    loaderOf('blocked-at')('blocked-at')(() => {}, { threshold: 50 });
    return {};
  },
  opentelemetry: async () => {
    startOpenTelemetry(loaderOf('opentelemetry'));
    return {};
  },
  sentry: async () => startSentry(loaderOf('sentry'), () => []),
  'sentry-block': async () => {
    const load = loaderOf('sentry');
    return startSentry(load, () => [load('@sentry/node-native').eventLoopBlockIntegration({ threshold: 100 })]);
  },
};

function startOpenTelemetry(load) {
  const { NodeTracerProvider, BatchSpanProcessor } = load('@opentelemetry/sdk-trace-node');
  const { MeterProvider, PeriodicExportingMetricReader } = load('@opentelemetry/sdk-metrics');
  const { OTLPTraceExporter } = load('@opentelemetry/exporter-trace-otlp-http');
  const { OTLPMetricExporter } = load('@opentelemetry/exporter-metrics-otlp-http');
  const { registerInstrumentations } = load('@opentelemetry/instrumentation');
  const { HttpInstrumentation } = load('@opentelemetry/instrumentation-http');
  const { ExpressInstrumentation } = load('@opentelemetry/instrumentation-express');
  const { RuntimeNodeInstrumentation } = load('@opentelemetry/instrumentation-runtime-node');

  const exporter = new OTLPTraceExporter({ url: `${SINK}/v1/traces` });
  const tracerProvider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
  tracerProvider.register();
  const meterProvider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url: `${SINK}/v1/metrics` }) })],
  });
  registerInstrumentations({
    tracerProvider,
    meterProvider,
    instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation(), new RuntimeNodeInstrumentation()],
  });
}

function startSentry(load, integrations) {
  const Sentry = load('@sentry/node');
  Sentry.init({
    dsn: SINK.replace('//', '//key@').concat('/1'),
    tracesSampleRate: 1, // As in its quick start.
    integrations: integrations(),
  });
  return { last: [(app) => Sentry.setupExpressErrorHandler(app)] };
}
