import { relative } from 'node:path';
import type { SeenSite, SiteIdentity } from './seen-site.js';

/** A new site as a person reads it: what, where, what to write instead, how to allow it. */
export function describeSite(site: SeenSite, directory: string): string {
  const { identity, alternative } = site;
  const by = identity.package === undefined ? '' : `, through the package ${identity.package}`;
  const lines = [
    `  ${identity.operation} in ${identity.view}`,
    `    where:    ${identity.function || '(anonymous)'} (${placeOf(site, directory)})${by}`,
  ];
  if (alternative !== '') lines.push(`    instead:  ${alternative}`);
  lines.push(
    `    to allow: allowSync('why', () => …) around the call, or holdup({ allow: [${allowEntry(identity)}] })`,
  );
  return lines.join('\n');
}

/** One line a GitHub runner turns into an annotation of the changed line. */
export function annotateSite(site: SeenSite, directory: string): string {
  const { identity, location, alternative } = site;
  const properties = {
    file: relative(directory, location.file).replaceAll('\\', '/'),
    line: location.line,
    col: location.column,
    title: `${identity.operation} in ${identity.view}`,
  };
  const instead = alternative === '' ? '' : ` Instead: ${alternative}`;
  const message = `${identity.operation} blocks the event loop: every other request waits for it.${instead}`;
  const list = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::error ${list.join(',')}::${escapeMessage(message)}`;
}

export function describeIdentity({ operation, view, file, function: name }: SiteIdentity): string {
  return `  ${operation} in ${view}, ${name || '(anonymous)'} (${file})`;
}

function allowEntry({ operation, view, file, package: owner }: SiteIdentity): string {
  const where = owner === undefined ? `file: '${file}'` : `package: '${owner}'`;
  return `{ operation: '${operation}', view: '${view}', ${where}, reason: 'why' }`;
}

function placeOf({ location }: SeenSite, directory: string): string {
  const path = relative(directory, location.file).replaceAll('\\', '/');
  return `${path}:${location.line}:${location.column}`;
}

// Source: actions/toolkit, packages/core/src/command.ts.
function escapeMessage(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
