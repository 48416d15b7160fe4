import { hrefTo } from './router.js';

/** Without the service it is the one in which it is worst. */
interface Addressed {
  readonly fingerprint: string;
  readonly service?: string;
}

/** Two services that share code have incidents of the same fingerprint. Not for reading. */
export function incidentKey({ service, fingerprint }: Addressed): string {
  return `${fingerprint} ${service}`;
}

/** The page of one service's incident. */
export function incidentHref({ service, fingerprint }: Addressed): string {
  return hrefTo(['incidents', fingerprint], { service: service ?? '' });
}

/** Where the collector tells about an incident, relative to the page. */
export function incidentUrl(fingerprint: string, service: string, rest = ''): URL {
  const url = new URL(`api/v1/incidents/${encodeURIComponent(fingerprint.toWellFormed())}${rest}`, document.baseURI);
  if (service !== '') url.searchParams.set('service', service);
  return url;
}
