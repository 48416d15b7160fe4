import { BLOCK_OPERATION, hex, type IncidentSummary, UNSEEN, viewName } from '../protocol/index.js';

/** The `allow` option that accepts exactly this incident, ready to paste; the reason is the person's to give. */
export function allowEntry(incident: IncidentSummary): string {
  const fields: [string, string][] = [];
  if (incident.operation !== BLOCK_OPERATION) fields.push(['operation', incident.operation]);
  fields.push(['view', viewName(incident.view)]);
  if (incident.site.file !== '') fields.push(['file', incident.site.file.split(/[\\/]/).slice(-2).join('/')]);
  if (incident.site.function !== '') fields.push(['function', incident.site.function]);
  fields.push(['reason', 'why this may hold the loop']);
  const lines = fields.map(([name, value]) => `    ${name}: ${literal(value)},`);
  return `holdup({\n  allow: [{\n${lines.join('\n')}\n  }],\n})`;
}

/** A JavaScript string in single quotes, whatever is in it; what cannot be seen is escaped. */
function literal(value: string): string {
  const inner = JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${inner.replace(UNSEEN, (unseen) => `\\u${hex(unseen)}`)}'`;
}
