import type { Cause, FleetStatus, IncidentKind, InstanceCounts, Site } from '../protocol/index.js';

/** What the verdict is made from: the last minute of the fleet. */
export interface VerdictFacts {
  readonly instances: InstanceCounts;
  /** The loops held right now, longest first. */
  readonly blocked: readonly BlockedFact[];
  /** Steady incidents of the last minute that nobody allowed. */
  readonly incidents: readonly IncidentFact[];
  /** How long the windows are that the sums below were made over. */
  readonly windowSeconds: number;
  readonly requestsPerSecond: number;
  readonly delayP99Ms: number;
  readonly utilization: number;
  /** 0 to 1 per instance. */
  readonly blockedShare: number;
  /** How many items were not kept in the last minute. */
  readonly droppedRecently: number;
  /** Milliseconds since the last word of any process. */
  readonly quietForMs: number;
}

export interface BlockedFact {
  readonly service: string;
  readonly pid: number;
  /** The view's name; null when it is not known. */
  readonly view: string | null;
  readonly forMs: number;
  /** Requests in flight in that process, the one that holds it included. */
  readonly active: number;
  /** The incident that last held the loop in that view; null when there was none. */
  readonly fingerprint: string | null;
}

export interface IncidentFact {
  readonly fingerprint: string;
  readonly service: string;
  readonly kind: IncidentKind;
  readonly operation: string;
  readonly cause: Cause;
  readonly view: string;
  readonly site: Site;
  readonly count: number;
  readonly heldMs: number;
  readonly delayedRequests: number;
  readonly delayedMs: number;
  /** How many instances it held; the share is that of one of them. */
  readonly instances: number;
}

export interface Verdict {
  readonly sentence: string;
  readonly status: FleetStatus;
  readonly culprit: string | null;
}

/** From this share of time on people notice it. */
const BLOCKING_SHARE = 0.05;
/** Below this share, and with nobody waiting long, all is well. */
const SLOW_SHARE = 0.005;
/** What others waited in a minute before a healthy share is called slow all the same. */
const SLOW_DELAYED_MS = 200;
/** A group with this part of all held time is the one culprit. */
const DOMINANT = 0.6;

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
    culprit: worst.fingerprint,
  };
}

function fromLastMinute(facts: VerdictFacts): Verdict {
  const incidents = [...facts.incidents].sort((a, b) => weight(b) - weight(a));
  const held = sum(incidents, (each) => each.heldMs);
  const delayed = sum(incidents, (each) => each.delayedMs);
  const worst = incidents[0];
  const share = worstServiceShare(incidents, facts);
  if (worst === undefined || (share < SLOW_SHARE && delayed < SLOW_DELAYED_MS)) return healthy(facts);

  const status: FleetStatus = share >= BLOCKING_SHARE ? 'blocking' : 'slow';
  const ofCause = (cause: Cause): number =>
    sum(incidents, (each) => (each.cause === cause ? each.heldMs : 0)) / (held || 1);
  if (ofCause('host') > 0.5) return starved(incidents, facts, status);
  if (ofCause('gc') > 0.5) return collecting(incidents, facts, status);
  const code = incidents.filter((each) => each.cause === 'code');
  const culprit = code[0] ?? worst;
  const views = new Set(code.map((each) => each.view));
  if (views.size <= 1 || weight(culprit) >= DOMINANT * sum(code, weight)) return oneCulprit(culprit, facts, status);
  return several(code, views.size, facts, status);
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

function oneCulprit(culprit: IncidentFact, facts: VerdictFacts, status: FleetStatus): Verdict {
  const sentence = `${culprit.view} held the loop ${howMuch(culprit, facts)}${because(culprit)}.${whoWaited(culprit)}`;
  return { sentence, status, culprit: culprit.fingerprint };
}

function several(incidents: readonly IncidentFact[], views: number, facts: VerdictFacts, status: FleetStatus): Verdict {
  const worst = incidents[0] as IncidentFact;
  const all = {
    delayedRequests: sum(incidents, (each) => each.delayedRequests),
    delayedMs: sum(incidents, (each) => each.delayedMs),
  };
  const sentence = `${views} views hold the loop, worst ${worst.view}: ${howMuch(worst, facts)}${because(worst)}.${whoWaited(all, 'them')}`;
  return { sentence, status, culprit: worst.fingerprint };
}

function starved(incidents: readonly IncidentFact[], facts: VerdictFacts, status: FleetStatus): Verdict {
  const host = incidents.filter((each) => each.cause === 'host');
  const ms = sum(host, (each) => each.heldMs);
  const sentence = `The machine is starved: it gave the process no time for ${duration(ms)} in the last ${window(facts)}. No code is to blame; look at CPU limits and neighbours.`;
  return { sentence, status, culprit: host[0]?.fingerprint ?? null };
}

function collecting(incidents: readonly IncidentFact[], facts: VerdictFacts, status: FleetStatus): Verdict {
  const gc = incidents.filter((each) => each.cause === 'gc');
  const worst = gc[0] as IncidentFact;
  const all = { ...worst, heldMs: sum(gc, (each) => each.heldMs), count: sum(gc, (each) => each.count) };
  const sentence = `Garbage collection held the loop ${howMuch(all, facts)}, most of it in ${worst.view}.${whoWaited({
    delayedRequests: sum(gc, (each) => each.delayedRequests),
    delayedMs: sum(gc, (each) => each.delayedMs),
  })}`;
  return { sentence, status, culprit: worst.fingerprint };
}

function footnotes({ instances, droppedRecently }: VerdictFacts): string[] {
  const notes: string[] = [];
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

function basename(file: string): string {
  return file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
}

function window(facts: VerdictFacts): string {
  return facts.windowSeconds >= 50 ? 'minute' : `${Math.round(facts.windowSeconds)} s`;
}

function rate(perSecond: number): string {
  const digits = perSecond > 0 && perSecond < 10 ? 1 : 0;
  const text = perSecond.toLocaleString('en', { maximumFractionDigits: digits });
  return `${text} ${text === '1' ? 'request' : 'requests'} a second`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** `412 ms`, `2.1 s`, `14 s`, `3 min`. */
function duration(ms: number): string {
  if (ms < 10) return `${Math.round(ms * 10) / 10} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}
