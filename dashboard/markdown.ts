import {
  type IncidentDetail,
  type IncidentSummary,
  operationWords,
  type StackFrame,
  viewName,
} from '../protocol/index.js';
import { alternativeFor } from './alternative.js';
import { count, dateTime, duration, plural } from './format.js';
import { placeOf, unplaced, whole, wholePlace } from './names.js';
import { sentenceFor } from './sentence.js';
import { incidents, overview } from './store.js';

/** Markdown for an issue tracker. Names go into code spans, where nothing in them means anything. */
function code(text: string): string {
  const readable = whole(text);
  const longest = Math.max(0, ...[...readable.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return longest > 0 ? `${fence} ${readable} ${fence}` : `${fence}${readable}${fence}`;
}

function block(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

/** One line a frame, as Node prints it. */
export function stackText(stack: readonly StackFrame[]): string {
  return stack
    .map((frame) => `    at ${frame.function === '' ? '(anonymous)' : whole(frame.function)} (${wholePlace(frame)})`)
    .join('\n');
}

export function incidentMarkdown(incident: IncidentDetail): string {
  const worst = incident.samples[0];
  const lines = [
    `### ${code(operationWords(incident))} holds the event loop in ${code(viewName(incident.view))}`,
    '',
    sentenceFor(incident),
    '',
    `- Where: ${code(wholePlace(incident.site) || unplaced(incident))}`,
    `- Seen ${plural(incident.count, 'time')} in ${code(incident.service)} on ${plural(incident.instances, 'instance')}, first ${dateTime(incident.firstSeen)}, last ${dateTime(incident.lastSeen)}`,
    `- Held the loop ${duration(incident.totalMs)} in all, at most ${duration(incident.maxMs)}; delayed ${plural(incident.delayedRequests, 'request')} by ${duration(incident.delayedMs)}`,
  ];
  if (worst?.note !== undefined) lines.push(`- Made of short calls: ${code(worst.note)}`);
  if (incident.alternative !== '') lines.push(`- Instead: ${code(alternativeFor(incident))}`);
  if (worst !== undefined && worst.stack.length > 0) lines.push('', block(stackText(worst.stack)));
  lines.push('', `<sub>${location.href}</sub>`);
  return lines.join('\n');
}

/** The verdict, and the worst there is. */
export function fleetMarkdown(): string {
  const worst = [...incidents.peek()]
    .filter((incident) => incident.count > 0 && incident.state === 'open')
    .sort((a, b) => b.delayedMs - a.delayedMs);
  return listMarkdown(worst.slice(0, 10));
}

const MOST_ROWS = 100;

/** The verdict, and these incidents as a table. */
export function listMarkdown(listed: readonly IncidentSummary[]): string {
  const current = overview.peek();
  const lines = [
    `**${current === null ? '' : whole(current.verdict)}**`,
    '',
    '| Delayed | Operation | View | Where | Count |',
    '|---:|---|---|---|---:|',
    ...listed.slice(0, MOST_ROWS).map(tableRow),
    '',
    `<sub>${dateTime(current?.at ?? Date.now())} ${location.href}</sub>`,
  ];
  return lines.join('\n');
}

function tableRow(incident: IncidentSummary): string {
  const cells = [
    duration(incident.delayedMs),
    code(operationWords(incident)),
    code(viewName(incident.view)),
    code(placeOf(incident.site) || unplaced(incident)),
    count(incident.count),
  ];
  // A pipe ends a cell even in a code span.
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
