import { type IncidentSummary, operationWords, START_UP_ROUTE } from '../protocol/index.js';
import { duration, plural } from './format.js';
import { legible, nameOf, placeOf } from './names.js';

/** What an incident is called where one word must do. */
export function operationName(incident: Pick<IncidentSummary, 'operation' | 'cause'>): string {
  return legible(operationWords(incident));
}

/** What happened, in a sentence or two, with names between backticks. */
export function sentenceFor(incident: IncidentSummary): string {
  return `${whatHappened(incident)} ${whoPaid(incident)}`;
}

function whatHappened(incident: IncidentSummary): string {
  const view = nameOf(incident.view);
  const place = placeOf(incident.site);
  const where = place === '' ? '' : ` at \`${place}\``;
  const each = `up to ${duration(incident.maxMs)}`;
  if (incident.kind === 'sync-only') {
    const times = incident.count === 0 ? plural(incident.coldCount, 'time') : plural(incident.count, 'time');
    const thrown = incident.thrownCount > 0 ? `; ${plural(incident.thrownCount, 'call')} refused with an error` : '';
    return `\`${view}\` called \`${legible(incident.operation)}\`${where} ${times}, holding the loop ${each}${thrown}.`;
  }
  if (incident.count + incident.coldCount === 0) {
    return `\`${view}\` ran code${where} that has held the loop for at least ${duration(incident.maxMs)}; its end has not been told.`;
  }
  const times = plural(incident.count + incident.coldCount, 'time');
  if (incident.view.route === START_UP_ROUTE) return `The program held its own loop ${each} while it loaded, ${times}.`;
  switch (incident.cause) {
    case 'gc':
      return `Garbage collection held the loop ${each} while \`${view}\` ran, ${times}.`;
    case 'host':
      return `The machine gave this process no time for ${each} while \`${view}\` ran, ${times}.`;
    default:
      return `\`${view}\` ran code${where} that held the loop ${each}, ${times}.`;
  }
}

function whoPaid(incident: IncidentSummary): string {
  if (incident.delayedRequests === 0) return 'No other request had to wait for it.';
  return `${plural(incident.delayedRequests, 'other request')} waited ${duration(incident.delayedMs)} in all for it.`;
}
