import type { Resource } from './otlp.js';
import { fromKeyValues, number, text, toKeyValues } from './otlp-value.js';
import type { Instance } from './report.js';

/** An instance as an OTLP resource, by OpenTelemetry's names. */
export function toResource(instance: Instance): Resource {
  return {
    attributes: toKeyValues({
      'service.name': instance.service,
      'service.instance.id': instance.id,
      'service.version': instance.serviceVersion,
      'host.name': instance.host,
      'process.pid': instance.pid,
      'process.runtime.name': 'nodejs',
      'process.runtime.version': instance.nodeVersion,
      'holdup.process.role': instance.role,
    }),
  };
}

/** The instance a resource describes, or null when it names no service instance. */
export function fromResource(resource: Resource | undefined): Instance | null {
  const attributes = fromKeyValues(resource?.attributes);
  const id = text(attributes['service.instance.id']);
  if (id === '') return null;
  return {
    id,
    service: text(attributes['service.name']),
    serviceVersion: text(attributes['service.version']),
    host: text(attributes['host.name']),
    pid: number(attributes['process.pid']),
    nodeVersion: text(attributes['process.runtime.version']),
    role: text(attributes['holdup.process.role']),
  };
}
