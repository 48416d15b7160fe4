import { fileURLToPath } from 'node:url';
import { Child } from './child.mjs';
import { LOAD_CORE, SERVER_CORE } from './machine.mjs';
import { median, quartiles } from './statistics.mjs';

const LOAD = fileURLToPath(new URL('./load.mjs', import.meta.url));

/**
 * Compares variants of one app by their CPU time a request.
 *
 * Each round starts one fresh process a variant, because processes differ (memory layout, when the JIT compiles what).
 * Within a round the variants take turns in short bursts, in an order that changes, so that a machine that slows down or
 * speeds up does so for all of them. Each burst is set against the bare one of the same turn.
 *
 * @param {{ node: string, app: string, variants: { name: string, env?: object }[], path?: string, rounds: number,
 *   turns: number, requests: number, connections: number, warmups: number }} plan the first variant is the bare one
 * @returns {Promise<{ name: string, microsPerRequest: number, ratio: { q1: number, median: number, q3: number },
 *   ratioOfRounds: number[], p99Ms: number, rssBytes: number }[]>}
 */
export async function compare(plan) {
  const totals = plan.variants.map(({ name }) => ({
    name,
    micros: [],
    ratios: [],
    rounds: [],
    p99Ms: [],
    rssBytes: [],
  }));
  for (let round = 0; round < plan.rounds; round++) await playRound(plan, totals);
  return totals.map((each) => ({
    name: each.name,
    microsPerRequest: median(each.micros),
    ratio: quartiles(each.ratios),
    ratioOfRounds: each.rounds,
    p99Ms: median(each.p99Ms),
    rssBytes: median(each.rssBytes),
  }));
}

async function playRound(plan, totals) {
  const load = await Child.start(process.execPath, [LOAD], { core: LOAD_CORE });
  const servers = [];
  try {
    for (const { env } of plan.variants)
      servers.push(await Child.start(plan.node, [plan.app], { core: SERVER_CORE, env }));
    for (let i = 0; i < plan.warmups; i++) {
      for (const server of servers) await burst(plan, load, server);
    }
    const ofRound = totals.map(() => []);
    for (let turn = 0; turn < plan.turns; turn++) {
      const results = [];
      for (let i = 0; i < servers.length; i++) {
        const at = (i + turn) % servers.length;
        results[at] = await burst(plan, load, servers[at]);
      }
      for (const [at, result] of results.entries()) {
        const ratio = result.micros / results[0].micros;
        totals[at].micros.push(result.micros);
        totals[at].ratios.push(ratio);
        totals[at].p99Ms.push(result.p99Ms);
        totals[at].rssBytes.push(result.rssBytes);
        ofRound[at].push(ratio);
      }
    }
    for (const [at, ratios] of ofRound.entries()) totals[at].rounds.push(median(ratios));
  } finally {
    await Promise.all([load, ...servers].map((child) => child.stop()));
  }
}

async function burst({ requests, connections, path = '/' }, load, server) {
  const before = await server.ask({ ask: 'usage' });
  const { p99Ms, failed } = await load.ask({ port: server.ready.port, path, requests, connections });
  const after = await server.ask({ ask: 'usage' });
  if (failed > 0) throw new Error(`${failed} of ${requests} requests were not answered with success.`);
  return { micros: (after.cpuMicros - before.cpuMicros) / requests, p99Ms, rssBytes: after.rssBytes };
}
