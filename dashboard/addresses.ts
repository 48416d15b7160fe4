import type { IncidentSummary } from '../protocol/index.js';
import { hrefTo } from './router.js';

type Addressed = Pick<IncidentSummary, 'fingerprint' | 'service'>;

/** Two services that share code have incidents of the same fingerprint. Not for reading. */
export function incidentKey({ service, fingerprint }: Addressed): string {
  return `${fingerprint} ${service}`;
}

/** The page of one service's incident. Without `service` the collector picks the one in which it is worst. */
export function incidentHref({ service, fingerprint }: Addressed): string {
  return hrefTo(['incidents', fingerprint], { service });
}

/** Where the collector tells about an incident, relative to the page. */
export function incidentUrl(fingerprint: string, service: string, rest = ''): URL {
  const url = new URL(`api/v1/incidents/${encodeURIComponent(fingerprint.toWellFormed())}${rest}`, document.baseURI);
  if (service !== '') url.searchParams.set('service', service);
  return url;
}
