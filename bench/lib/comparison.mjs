import { fileURLToPath } from 'node:url';
import { Child } from './child.mjs';
import { LOAD_CORE, SERVER_CORE } from './machine.mjs';
import { shuffled } from './shuffled.mjs';
import { median, quartiles, tenth } from './statistics.mjs';

const LOAD = fileURLToPath(new URL('./load.mjs', import.meta.url));
const APP = fileURLToPath(new URL('../apps/app.mjs', import.meta.url));

/** In so many turns the variants get warm. */
const WARMUP_TURNS = 5;

export function startLoad() {
  return Child.start(process.execPath, [LOAD], { core: LOAD_CORE });
}

/** The app of `bench/apps` under a variant: `{ name, env, nodeArgs }`. */
export function startServer(node, { env = {}, nodeArgs = [] }, workload, size = '') {
  return Child.start(node, [...nodeArgs, APP], {
    core: SERVER_CORE,
    env: { NODE_ENV: 'production', WORKLOAD: workload, SIZE: String(size), ...env },
  });
}

/**
 * Compares variants of one app by what a request costs. The first variant is the bare one.
 *
 * Each round starts one fresh process a variant, because processes differ (memory layout, when the JIT compiles what).
 * Within a round the variants take turns in short bursts, in an order left to chance, so that a machine that slows down
 * or speeds up does so for all of them, and none is always next to the same. Each burst is set against the bare one of
 * the same turn. They get warm in turns too: one that was warm first and waited for all the others has lost much of its
 * optimized code by its first burst, to the collections that V8 makes in an idle process, and was up to a third slower
 * than the last.
 *
 * A variant that does not start or fails is left out and says why. Of the rounds and turns asked for, those are made
 * for which there is time.
 *
 * @param {{ node: string, workload: { name: string, requests: object[], size?: number }, connections: number,
 *   variants: { name: string, env?: object, nodeArgs?: string[] }[], rounds: number, turns: number, burstMs: number,
 *   warmup: { count: number, durationMs: number }, budgetMs: number }} plan
 */
export async function compare(plan) {
  const totals = plan.variants.map(({ name }) => new Totals(name));
  const startedAtMs = performance.now();
  for (let round = 0; round < plan.rounds; round++) {
    const endsAtMs = startedAtMs + (plan.budgetMs * (round + 1)) / plan.rounds;
    if (round > 0 && performance.now() >= endsAtMs) continue;
    await playRound(plan, totals, endsAtMs);
  }
  return totals.map((each) => each.result(totals[0]));
}

class Totals {
  #bursts = [];
  #ratios = [];
  #rounds = [];
  #ofRound = [];
  startUpMs = [];
  failure = null;

  constructor(name) {
    this.name = name;
  }

  add(burst, bare) {
    this.#bursts.push(burst);
    this.#ofRound.push(burst.micros / bare.micros);
  }

  endRound() {
    if (this.#ofRound.length > 0) this.#rounds.push(median(this.#ofRound));
    this.#ratios.push(...this.#ofRound);
    this.#ofRound = [];
  }

  /** CPU microseconds of all bursts by all their requests: also has what happens once a second, in its proportion. */
  get mean() {
    const sum = (field) => this.#bursts.reduce((all, burst) => all + burst[field], 0);
    return sum('cpuMicros') / sum('answered');
  }

  /** CPU microseconds a request of the bursts that nothing else on the machine disturbed. */
  get fastest() {
    return tenth(this.#bursts.map((burst) => burst.micros));
  }

  result(bare) {
    const of = (field) => median(this.#bursts.map((burst) => burst[field]));
    return {
      name: this.name,
      failure: this.#bursts.length > 0 ? null : (this.failure ?? 'no time was left for it'),
      bursts: this.#bursts.length,
      microsPerRequest: of('micros'),
      ratio: quartiles(this.#ratios),
      ratioOfMeans: this.mean / bare.mean,
      ratioOfFastest: this.fastest / bare.fastest,
      ratioOfRounds: this.#rounds,
      requestsPerSecond: of('perSecond'),
      p50Ms: of('p50Ms'),
      p99Ms: of('p99Ms'),
      p999Ms: of('p999Ms'),
      rssBytes: of('rssBytes'),
      startUpMs: median(this.startUpMs),
    };
  }
}

async function playRound(plan, totals, endsAtMs) {
  const load = await startLoad();
  /** By the variant's place; null for one that failed. */
  const servers = totals.map(() => null);
  const attempt = async (at, action) => {
    try {
      return await action();
    } catch (error) {
      if (at === 0) throw error;
      totals[at].failure = error.message;
      console.error(`${totals[at].name}: ${error.message}`);
      await servers[at]?.stop();
      servers[at] = null;
      return null;
    }
  };
  try {
    for (const [at, variant] of plan.variants.entries()) {
      await attempt(at, async () => {
        servers[at] = await startServer(plan.node, variant, plan.workload.name, plan.workload.size);
        totals[at].startUpMs.push(servers[at].startUpMs);
      });
    }
    const takeTurns = async (length) => {
      const results = [];
      for (const at of shuffled(servers.keys())) {
        if (servers[at] === null) continue;
        results[at] = await attempt(at, () => burst(plan, load, servers[at], length));
      }
      return results;
    };
    const { count, durationMs } = plan.warmup;
    for (let turn = 0; turn < WARMUP_TURNS; turn++) {
      await takeTurns({ count: Math.ceil(count / WARMUP_TURNS), durationMs: durationMs / WARMUP_TURNS });
    }
    for (let turn = 0; turn < plan.turns && (turn === 0 || performance.now() < endsAtMs); turn++) {
      const results = await takeTurns({ durationMs: plan.burstMs });
      for (const [at, result] of results.entries()) if (result) totals[at].add(result, results[0]);
    }
    for (const each of totals) each.endRound();
  } finally {
    await Promise.all([load, ...servers].map((child) => child?.stop()));
  }
}

async function burst({ workload, connections }, load, server, length) {
  const before = await server.ask({ ask: 'usage' });
  const send = { port: server.ready.port, requests: workload.requests, connections, ...length };
  const { answered, failed, durationMs, ...latency } = await load.ask({ send });
  const after = await server.ask({ ask: 'usage' });
  if (failed > 0) throw new Error(`${failed} of ${answered} requests were not answered with success.`);
  const cpuMicros = after.cpuMicros - before.cpuMicros;
  return {
    cpuMicros,
    answered,
    micros: cpuMicros / answered,
    perSecond: (answered / durationMs) * 1000,
    rssBytes: after.rssBytes,
    ...latency,
  };
}
