import {
  BACKGROUND_VIEW,
  BLOCK_OPERATION,
  type Cause,
  type IncidentDelta,
  type IncidentSample,
  LIMITS,
  UNKNOWN_ROUTE,
  type View,
} from '../../protocol/index.js';
import { fingerprint } from './fingerprint.js';
import type { RawBlock, RawFrame, RawIncident, StackSample } from './messages.js';
import { NO_STACK, type ResolvedStack, type StackResolver } from './stack-resolver.js';
import type { ShippedStall, Stall } from './stall.js';
import type { ProcessorTime } from './starvation.js';

const UNKNOWN_VIEW: View = { method: '', route: UNKNOWN_ROUTE, handler: '', kind: 'sync' };
/** Distinct stacks of one long block that are sent, to say where the time went. */
const MAX_STACKS_PER_BLOCK = 5;
const MAX_VIEWS = LIMITS.views + 10;

interface Dominant {
  readonly sample: StackSample;
  readonly stack: ResolvedStack;
}

/** Turns what the main thread saw, and the stacks taken meanwhile, into incidents as they are sent. */
export class IncidentBuilder {
  readonly #resolver: StackResolver;
  readonly #thresholdMs: number;
  readonly #views = new Map<number, View>();
  readonly #groups = new Map<number, ResolvedStack>();

  constructor(resolver: StackResolver, blockThresholdMs: number) {
    this.#resolver = resolver;
    this.#thresholdMs = blockThresholdMs;
  }

  nameView(id: number, view: View): void {
    if (this.#views.size < MAX_VIEWS || this.#views.has(id)) this.#views.set(id, view);
  }

  view(id: number): View | null {
    return this.#views.get(id) ?? null;
  }

  /** The view a sample was taken in: null when it has no name yet. */
  viewOf(sample: StackSample): View | null {
    return sample.runId === 0 ? BACKGROUND_VIEW : this.view(sample.viewId);
  }

  incident(raw: RawIncident): IncidentDelta {
    const stack = this.#group(raw.groupId, raw.stack);
    const { groupId: _, stack: __, samples, blocks, ...counts } = raw;
    return {
      ...counts,
      fingerprint: fingerprint(raw.operation, raw.view, stack.frames),
      site: stack.site,
      owner: stack.owner,
      samples: samples.slice(0, LIMITS.samplesPerGroup).map((sample) => ({
        ...sample,
        delayed: sample.delayed.slice(0, LIMITS.delayedPerSample),
        stack: stack.frames,
      })),
      blocks: blocks.slice(0, LIMITS.blocksPerReport),
      codeFrame: stack.codeFrame,
    };
  }

  /** A block that has ended. `stall` is what the watchdog saw of it; `processor` what the machine did. */
  block(raw: RawBlock, stall: Stall | null, processor: ProcessorTime): IncidentDelta {
    const from = raw.startedAtMs;
    const samples = (stall?.stacks ?? []).filter(
      (sample) => sample.atMs >= from && sample.atMs <= from + raw.durationMs,
    );
    // What was sent of it while it lasted, unless that was of another hold in the same turn of the loop.
    const shipped = stall?.shipped ?? null;
    const sent = shipped !== null && samples.includes(shipped.sample) && isOfView(raw, shipped.view) ? shipped : null;
    const dominant = this.#dominant(samples, sent);
    const seenIn = sent?.view ?? raw.view ?? (dominant === null ? null : this.viewOf(dominant.sample));
    const guessed = dominant?.stack ?? NO_STACK;
    const stack = raw.stack === null || sent !== null ? guessed : this.#resolver.resolve(raw.stack);
    const starved = sent === null && isStarved(raw.durationMs, processor, this.#thresholdMs);
    const cause: Cause = raw.cause === 'code' && starved ? 'host' : raw.cause;
    // Neither a starved machine nor garbage collection is the doing of the view that happened to run.
    const blamed = cause === 'code' ? { view: seenIn, stack } : { view: null, stack: NO_STACK };
    const at = sent === null || stall === null ? raw.at : stall.startedAt;
    const main: IncidentSample = {
      at,
      durationMs: raw.durationMs,
      stack: stack.frames,
      delayed: raw.delayed.slice(0, LIMITS.delayedPerSample),
      traceId: raw.traceId,
      ...(raw.note === '' ? {} : { note: raw.note }),
    };
    return {
      ...blockIncident(blamed.view ?? UNKNOWN_VIEW, blamed.stack, cause),
      count: raw.cold ? 0 : 1,
      coldCount: raw.cold ? 1 : 0,
      totalMs: raw.durationMs,
      maxMs: raw.durationMs,
      delayedRequests: raw.delayedRequests,
      delayedMs: raw.delayedMs,
      lastSeen: raw.at + raw.durationMs,
      samples: [main, ...this.#otherStacks(samples, dominant, raw)],
      blocks: [{ at: raw.at, durationMs: raw.durationMs }],
    };
  }

  /**
   * A block that still lasts, so that it is known even if the process never gets to tell of it: it counts 0, and has
   * the fingerprint that its end will have. Null while nothing is known of it.
   */
  ongoing(stall: Stall, ageMs: number): IncidentDelta | null {
    const first = stall.shipped === null;
    const dominant = this.#dominant(stall.stacks, stall.shipped);
    // A call that the guard has wrapped is told of by name when it ends.
    if (dominant === null || dominant.sample.operation !== '') return null;
    const view = stall.shipped?.view ?? this.viewOf(dominant.sample);
    if (view === null) return null;
    stall.shipped ??= { view, sample: dominant.sample, nextAtAgeMs: 0 };
    stall.shipped.nextAtAgeMs = ageMs * 2;
    const sample: IncidentSample = {
      at: stall.startedAt,
      durationMs: ageMs,
      stack: dominant.stack.frames,
      delayed: [],
      traceId: '',
    };
    return {
      ...blockIncident(view, dominant.stack, 'code'),
      count: 0,
      totalMs: 0,
      maxMs: ageMs,
      delayedRequests: 0,
      delayedMs: 0,
      lastSeen: stall.startedAt + ageMs,
      samples: first ? [sample] : [],
      blocks: [],
    };
  }

  /** The sample that stands for a block: of the site seen most often, the first. What was shipped stays. */
  #dominant(samples: readonly StackSample[], sent: ShippedStall | null): Dominant | null {
    if (sent !== null) return { sample: sent.sample, stack: this.#resolver.resolve(sent.sample.frames) };
    const bySite = new Map<string, Dominant & { count: number }>();
    for (const sample of samples) {
      const stack = this.#resolver.resolve(sample.frames);
      const key = siteKey(stack);
      const seen = bySite.get(key);
      if (seen === undefined) bySite.set(key, { sample, stack, count: 1 });
      else seen.count++;
    }
    let dominant: (Dominant & { count: number }) | null = null;
    // Equally often: the later one, for samples grow further apart and so stand for more time.
    for (const each of bySite.values()) if (dominant === null || each.count >= dominant.count) dominant = each;
    return dominant;
  }

  /** The other places a long block was seen in, each with the time up to the next sample. */
  #otherStacks(samples: readonly StackSample[], dominant: Dominant | null, raw: RawBlock): IncidentSample[] {
    if (dominant === null || samples.length < 2) return [];
    const seen = new Set([siteKey(dominant.stack)]);
    const others: IncidentSample[] = [];
    for (const [index, sample] of samples.entries()) {
      const stack = this.#resolver.resolve(sample.frames);
      if (seen.has(siteKey(stack))) continue;
      seen.add(siteKey(stack));
      const untilMs = samples[index + 1]?.atMs ?? raw.startedAtMs + raw.durationMs;
      others.push({
        at: raw.at + (sample.atMs - raw.startedAtMs),
        durationMs: untilMs - sample.atMs,
        stack: stack.frames,
        delayed: [],
        traceId: raw.traceId,
      });
    }
    return others.slice(0, MAX_STACKS_PER_BLOCK - 1);
  }

  #group(id: number, raw: readonly RawFrame[] | null): ResolvedStack {
    const known = this.#groups.get(id);
    if (known !== undefined) return known;
    if (raw === null) return NO_STACK;
    const stack = this.#resolver.resolve(raw);
    if (this.#groups.size < LIMITS.incidentGroups) this.#groups.set(id, stack);
    return stack;
  }
}

/**
 * Most of the time was the machine's, and what the main thread computed meanwhile would have been no block. Where the
 * kernel does not say that, up to one threshold more is taken off: the sleep that this thread had asked for itself.
 */
export function isStarved(durationMs: number, { hostMs, computedMs }: ProcessorTime, thresholdMs: number): boolean {
  return hostMs * 2 > durationMs && (computedMs ?? durationMs - hostMs - thresholdMs) < thresholdMs;
}

/** True unless the main thread itself knows the block to be another view's. */
function isOfView({ view }: RawBlock, { method, route }: View): boolean {
  return view === null || (view.method === method && view.route === route);
}

function siteKey({ site }: ResolvedStack): string {
  return `${site.function}\n${site.file}\n${site.line}`;
}

function blockIncident(view: View, stack: ResolvedStack, cause: Cause) {
  return {
    fingerprint: fingerprint(cause === 'code' ? BLOCK_OPERATION : `${BLOCK_OPERATION} ${cause}`, view, stack.frames),
    kind: 'block',
    operation: BLOCK_OPERATION,
    category: 'code',
    cause,
    view,
    site: stack.site,
    owner: stack.owner,
    alternative: '',
    allowed: '',
    coldCount: 0,
    thrownCount: 0,
    codeFrame: stack.codeFrame,
  } as const;
}
