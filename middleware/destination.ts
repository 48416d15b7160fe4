import type { Settings } from './options.js';
import type { Destination } from './watchdog/messages.js';

/** Where the option `collector` sends reports. */
export function destinationOf({ collector, otlp }: Settings): Destination {
  if (collector === false) return { type: 'none' };
  if (collector === 'embedded' || collector === 'join') return { type: collector };
  const { compress, timeoutMs } = otlp;
  // The headers are secrets of the endpoint they were set for.
  const headers = collector.href === otlp.endpoint?.href ? otlp.headers : {};
  return { type: 'remote', url: collector.href, headers, compress, timeoutMs };
}
