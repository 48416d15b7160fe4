import type { Cause } from './incident.js';
import { METRICS } from './metrics.js';
import { type Attributes, text } from './otlp-value.js';
import type { View } from './view.js';

/** All that Holdup reads from the attributes of a data point. */
export interface PointLabels {
  readonly view: View;
  /** Tells views apart. */
  readonly viewKey: string;
  /** Whether a view is named at all. */
  readonly hasView: boolean;
  readonly operation: string;
  readonly blockCause: Cause;
  readonly gcType: string;
  readonly isActiveTime: boolean;
  /** What was dropped. */
  readonly what: string;
}

export function toLabels(attributes: Attributes): PointLabels {
  const view: View = {
    method: text(attributes['http.request.method']),
    route: text(attributes['http.route']),
    handler: text(attributes['code.function.name']),
    kind: attributes['holdup.view.kind'] === 'async' ? 'async' : 'sync',
  };
  const cause = attributes['holdup.block.cause'];
  return {
    view,
    viewKey: `${view.method}\n${view.route}\n${view.handler}\n${view.kind}`,
    hasView: attributes['http.route'] !== undefined,
    operation: text(attributes['holdup.operation']),
    blockCause: cause === 'gc' || cause === 'host' ? cause : 'code',
    gcType: text(attributes['v8js.gc.type']),
    isActiveTime: attributes['nodejs.eventloop.state'] === 'active',
    what: text(attributes.what),
  };
}

export type MetricKey = keyof typeof METRICS;

/** A bundler may leave it out where nobody asks. */
const KEYS: ReadonlyMap<string, MetricKey> = /* @__PURE__ */ keysByName();

function keysByName(): Map<string, MetricKey> {
  return new Map(Object.entries(METRICS).map(([key, { name }]) => [name, key as MetricKey]));
}

/** Which of our metrics has this name; undefined for one that is not ours. */
export function metricKeyOf(name: unknown): MetricKey | undefined {
  return KEYS.get(name as string);
}
