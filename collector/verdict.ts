import type { Cause, FleetStatus } from '../protocol/index.js';
import type { BlockedFact, IncidentFact, Verdict, VerdictFacts } from './verdict-facts.js';
import { basename, count, duration, percent, rate } from './wording.js';

/** From this share of time on people notice it. */
const BLOCKING_SHARE = 0.05;
/** Below this share, and with nobody waiting long, all is well. */
const SLOW_SHARE = 0.005;
/** What others waited in a minute before a healthy share is called slow all the same. */
const SLOW_DELAYED_MS = 200;
/** First-time module loading below this is not worth a sentence. */
const LOADING_MS = 200;
/** A group with this part of all held time is the one culprit. */
const DOMINANT = 0.6;

/** From this on, in a minute, that the machine was starved is worth a note. */
const STARVED_NOTE_MS = 1000;

/** Says in one sentence, with numbers, how the fleet's loops have fared in the last minute. */
export function verdict(facts: VerdictFacts): Verdict {
  const { ok, blocked, silent, gone } = facts.instances;
  if (ok + blocked + silent === 0) return nobodyConnected(gone, facts.quietForMs);
  const main = facts.blocked.length > 0 ? blockedNow(facts) : fromLastMinute(facts);
  return { ...main, sentence: [main.sentence, ...footnotes(facts)].join(' ') };
}

function nobodyConnected(gone: number, quietForMs: number): Verdict {
  if (gone > 0) {
    const sentence = `No process is connected any more: the last one was heard ${duration(quietForMs)} ago.`;
    return { sentence, status: 'waiting', culprit: null };
  }
  const sentence =
    'Nothing is connected yet. Add app.use(holdup()) as the first middleware of your app, or start it with: npx holdup run server.js';
  return { sentence, status: 'waiting', culprit: null };
}

function blockedNow({ blocked }: VerdictFacts): Verdict {
  const worst = blocked[0] as BlockedFact;
  const who = worst.view ?? 'Something';
  const waiting = worst.active - 1;
  const others = waiting > 0 ? ` ${count(waiting, 'other request')} ${waiting === 1 ? 'waits' : 'wait'} for it.` : '';
  const more =
    blocked.length > 1 ? ` ${count(blocked.length - 1, 'more process', 'more processes')} blocked right now.` : '';
  return {
    sentence: `${who} is holding the loop of ${worst.service} (pid ${worst.pid}) right now, for ${duration(worst.forMs)} so far.${others}${more}`,
    status: 'blocked',
    culprit: worst.fingerprint === null ? null : { fingerprint: worst.fingerprint, service: worst.service },
  };
}

function fromLastMinute(facts: VerdictFacts): Verdict {
  const incidents = [...facts.incidents].sort((a, b) => weight(b) - weight(a));
  const delayed = sum(incidents, (each) => each.delayedMs);
  const worst = incidents[0];
  const share = worstServiceShare(incidents, facts);
  if (worst === undefined || (share < SLOW_SHARE && delayed < SLOW_DELAYED_MS)) {
    return loading(facts) ?? healthy(facts);
  }

  const status: FleetStatus = share >= BLOCKING_SHARE ? 'blocking' : 'slow';
  const code = incidents.filter((each) => each.cause === 'code');
  if (prevails('host', incidents)) return starved(incidents, facts, status);
  if (prevails('gc', incidents)) return collecting(incidents, facts, status);
  const culprit = code[0];
  if (culprit === undefined) {
    return worst.cause === 'gc' ? collecting(incidents, facts, status) : starved(incidents, facts, status);
  }
  const views = new Set(code.map((each) => each.view));
  if (views.size <= 1 || weight(culprit) >= DOMINANT * sum(code, weight)) return oneCulprit(culprit, facts, status);
  return several(code, views.size, facts, status);
}

/**
 * Is this cause what people should hear of? A starved machine delays code too, and makes it look slow; but while there is
 * code that holds the loop, that is what a team can change, so another cause must outweigh it clearly.
 */
function prevails(cause: Cause, incidents: readonly IncidentFact[]): boolean {
  const all = sum(incidents, weight);
  const share = sum(
    incidents.filter((each) => each.cause === cause),
    weight,
  );
  return share > 0 && share >= DOMINANT * all;
}

function healthy(facts: VerdictFacts): Verdict {
  const connected = facts.instances.ok + facts.instances.blocked + facts.instances.silent;
  const served = `${count(connected, 'process', 'processes')}, ${rate(facts.requestsPerSecond)}`;
  // What no incident explains must not be called healthy.
  if (facts.blockedShare >= BLOCKING_SHARE) {
    const ms = Math.round(facts.blockedShare * 1000);
    const sentence = `The loop was held ${ms} ms of every second, and no single incident explains it (${served}).`;
    return { sentence, status: 'slow', culprit: null };
  }
  const sentence = `All is well: nothing holds the loop. ${served}, timers at most ${duration(facts.delayP99Ms)} late (p99), loop ${percent(facts.utilization)} busy.`;
  return { sentence, status: 'healthy', culprit: null };
}

/** What a start costs its first visitors; null when it is too little to speak of. */
function loading({ loading: groups, windowSeconds }: VerdictFacts): Verdict | null {
  const ms = sum(groups, (each) => each.heldMs);
  const worst = [...groups].sort((a, b) => b.heldMs - a.heldMs)[0];
  if (worst === undefined || ms < LOADING_MS) return null;
  const most = `${groups.length > 1 ? 'most of it ' : ''}\`${worst.operation}\` in ${worst.view}`;
  const sentence = `Module loading held the loop for ${duration(ms)} in the last ${window({ windowSeconds })}, ${most}. It does not come back; load it at start, and no request has to wait for it.`;
  return { sentence, status: 'slow', culprit: worst };
}

function oneCulprit(culprit: IncidentFact, facts: VerdictFacts, status: FleetStatus): Verdict {
  const sentence = `${culprit.view} held the loop ${howMuch(culprit, facts)}${because(culprit)}.${whoWaited(culprit)}`;
  return { sentence, status, culprit };
}

function several(incidents: readonly IncidentFact[], views: number, facts: VerdictFacts, status: FleetStatus): Verdict {
  const worst = incidents[0] as IncidentFact;
  const all = {
    delayedRequests: sum(incidents, (each) => each.delayedRequests),
    delayedMs: sum(incidents, (each) => each.delayedMs),
  };
  const sentence = `${views} views hold the loop, worst ${worst.view}: ${howMuch(worst, facts)}${because(worst)}.${whoWaited(all, 'them')}`;
  return { sentence, status, culprit: worst };
}

function starved(incidents: readonly IncidentFact[], facts: VerdictFacts, status: FleetStatus): Verdict {
  const host = incidents.filter((each) => each.cause === 'host');
  const ms = sum(host, (each) => each.heldMs);
  const sentence = `The machine is starved: it gave the process no time for ${duration(ms)} in the last ${window(facts)}. No code is to blame; look at CPU limits and neighbours.`;
  return { sentence, status, culprit: host[0] ?? null };
}

function collecting(incidents: readonly IncidentFact[], facts: VerdictFacts, status: FleetStatus): Verdict {
  const gc = incidents.filter((each) => each.cause === 'gc');
  const worst = gc[0] as IncidentFact;
  const all = { ...worst, heldMs: sum(gc, (each) => each.heldMs), count: sum(gc, (each) => each.count) };
  const sentence = `Garbage collection held the loop ${howMuch(all, facts)}, most of it in ${worst.view}.${whoWaited({
    delayedRequests: sum(gc, (each) => each.delayedRequests),
    delayedMs: sum(gc, (each) => each.delayedMs),
  })}`;
  return { sentence, status, culprit: worst };
}

function footnotes({ instances, droppedRecently, incidents }: VerdictFacts): string[] {
  const notes: string[] = [];
  const starvedMs = sum(incidents, (each) => (each.cause === 'host' ? each.heldMs : 0));
  // Too little to be the verdict, too much to keep quiet about.
  if (starvedMs >= STARVED_NOTE_MS && !prevails('host', incidents)) {
    notes.push(`The machine was starved as well, for ${duration(starvedMs)}.`);
  }
  if (instances.silent > 0) notes.push(`${count(instances.silent, 'process is', 'processes are')} silent.`);
  if (droppedRecently > 0) {
    const were = droppedRecently === 1 ? 'item was' : 'items were';
    notes.push(
      `${droppedRecently.toLocaleString('en')} ${were} dropped in the last minute, so some counts are too low.`,
    );
  }
  return notes;
}

/** What others waited counts as much as the time held. */
function weight(incident: IncidentFact): number {
  return incident.heldMs + incident.delayedMs;
}

/** The share of one loop's time that it held, 0 to 1. */
function shareOf(incident: IncidentFact, facts: VerdictFacts): number {
  return incident.heldMs / 1000 / facts.windowSeconds / incident.instances;
}

/** The most that all incidents of one service together held of its loops, 0 to 1. */
function worstServiceShare(incidents: readonly IncidentFact[], facts: VerdictFacts): number {
  const shares = new Map<string, number>();
  for (const each of incidents) shares.set(each.service, (shares.get(each.service) ?? 0) + shareOf(each, facts));
  return Math.min(1, Math.max(0, ...shares.values()));
}

function howMuch(incident: IncidentFact, facts: VerdictFacts): string {
  const msASecond = shareOf(incident, facts) * 1000;
  // A rare hold, spread over a minute, would read as nothing.
  if (msASecond >= 20 && incident.count >= 3) return `${Math.round(Math.min(1000, msASecond))} ms of every second`;
  const times = incident.count === 1 ? 'once' : `${incident.count.toLocaleString('en')} times`;
  return `${times} in the last ${window(facts)}, for ${duration(incident.heldMs)}${incident.count === 1 ? '' : ' together'}`;
}

function because({ kind, operation, site }: IncidentFact): string {
  const place = site.file === '' ? '' : `${basename(site.file)}:${site.line}`;
  const parts = [kind === 'sync-only' ? `\`${operation}\`` : site.function, place].filter((part) => part !== '');
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function whoWaited(
  { delayedRequests, delayedMs }: { delayedRequests: number; delayedMs: number },
  them = 'it',
): string {
  if (delayedRequests === 0) return '';
  return ` ${count(delayedRequests, 'other request')} waited ${duration(delayedMs)} for ${them}.`;
}

function window(facts: Pick<VerdictFacts, 'windowSeconds'>): string {
  return facts.windowSeconds >= 50 ? 'minute' : `${Math.round(facts.windowSeconds)} s`;
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}
