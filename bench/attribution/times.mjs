// Busy time and delayed time as Holdup tells them, against those who know: the app itself, and the load generator.
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { viewNames } from './marks.mjs';
import { send } from './mixed-load.mjs';
import { startWatchedApp } from './watched-app.mjs';

/** A burst's length, and the longest pause between two. */
const BURST_MS = 600;
const PAUSE_MS = 3000;

/**
 * Ordinary work after `await`s. Each is `clients` at once, each of a view of its own, and the query that says what a
 * request does; `bursts` come and go.
 */
const LOADS = {
  // Portions that are long beside what the framework does with a request, so that the truth is narrow.
  steady: { clients: 3, query: (client) => `portions=20&pauseMs=30&portionMs=${20 + 5 * client}` },
  // Many small holds and few large ones, of which some are blocks.
  bimodal: { clients: 3, query: () => 'portions=8&pauseMs=15&portionMs=1-2-1-40-1-2-1-70' },
  // Nothing for long, then much at once.
  bursty: { clients: 20, query: () => 'portions=10&pauseMs=5&portionMs=2', bursts: true },
  // So many `await`s that only a part of them can be measured.
  dense: { clients: 12, query: () => 'portions=100&pauseMs=1&portionMs=0.5&awaits=40' },
};
export const loadNames = () => Object.keys(LOADS);

/**
 * Busy time is how long view runs held the loop. The app's own clock sees what its handlers compute, which is less: not
 * what the framework does for them. The loop's own account of being active has all there is, which is more: reading
 * sockets, and Holdup itself. What Holdup tells must be between the two.
 *
 * @returns over all views, what Holdup's busy time is of the app's own account, and of the time the loop was active; and
 * by view
 */
export async function busyTime({ node, accounting, seconds, load = 'steady' }) {
  const app = await startWatchedApp({ node, env: { HOLDUP_ACCOUNTING: accounting } });
  try {
    const { clients, query, bursts } = LOADS[load];
    const agent = new Agent({ keepAlive: true });
    // What the framework does for a first request is not what it does for the others.
    for (let i = 0; i < 40; i++) await send(agent, app.port, `/${viewNames()[i % 4]}?pauseMs=0`);
    await untilReported(app);
    await app.ask('reset');
    app.reports.length = 0;
    const untilMs = performance.now() + seconds * 1000;
    let pauseUntilMs = 0;
    const client = async (number) => {
      const name = viewNames()[number % 4];
      while (performance.now() < untilMs) {
        if (bursts && performance.now() > pauseUntilMs + BURST_MS)
          pauseUntilMs = performance.now() + PAUSE_MS * Math.random();
        await sleep(Math.max(0, pauseUntilMs - performance.now()));
        await send(agent, app.port, `/${name}?${query(number)}`);
      }
    };
    await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
    const { busyMs, activeMs } = await app.ask('truth');
    await untilReported(app);
    agent.destroy();
    const told = sumByView(app.reports, busyOf);
    const views = Object.entries(busyMs)
      .filter(([, ms]) => ms > 0)
      .map(([view, ms]) => ({ view, ratio: (told.get(view) ?? 0) / ms }));
    const ownMs = Object.values(busyMs).reduce((sum, ms) => sum + ms, 0);
    const toldMs = [...told.values()].reduce((sum, ms) => sum + ms, 0);
    const ratios = app.reports.map(({ observer }) => observer.samplingRatio);
    const samplingRatio = ratios.reduce((sum, each) => sum + each, 0) / ratios.length;
    return { ownMs, activeMs, toldMs, ofOwn: toldMs / ownMs, ofActive: toldMs / activeMs, samplingRatio, views };
  } finally {
    await app.stop();
  }
}

/**
 * Requests while another view blocks, for a while and then not, and so on. What they take longer on average while it does
 * is what the blocks cost them: what the machine itself delays is in both. (On a machine without time it is more: whoever
 * has computed for long has to stand back. So there is also for how long of its time each found the loop held.)
 *
 * @param arrivals `closed`: twenty clients, each of which sends its next request when the last is answered, and waits
 * for short timers meanwhile; `open`: requests come at random moments, also while the loop is held, when the process
 * cannot know of them yet; `new`: so, and each on a connection of its own
 */
export async function delayedTime({ node, arrivals, seconds, holdMs = 200 }) {
  const app = await startWatchedApp({ node });
  const agent = new Agent({ keepAlive: arrivals !== 'new' });
  const own = new Agent({ keepAlive: true });
  try {
    const path = arrivals === 'closed' ? '/parse?portions=20&pauseMs=5' : '/parse?pauseMs=1';
    // As from clients that keep their connections.
    for (let i = 0; i < 4; i++) await Promise.all(Array.from({ length: 40 }, () => send(agent, app.port, path)));
    await untilReported(app);
    await app.ask('reset');
    app.reports.length = app.incidents.length = 0;
    const untilMs = performance.now() + seconds * 1000;
    const requests = [];
    /** What is sent now says what is usual; what is sent while it is 'blocks' or meets one, what is lost. */
    let phase = 'calm';
    const one = async () => {
      const sent = { at: performance.timeOrigin + performance.now(), phase };
      requests.push({ ...sent, tookMs: await send(agent, app.port, path) });
    };
    const closed = async () => {
      while (performance.now() < untilMs) await one();
    };
    const open = async () => {
      const under = [];
      while (performance.now() < untilMs) {
        // Poisson's arrivals.
        await sleep(-MEAN_GAP_MS * Math.log(1 - Math.random()));
        under.push(one());
      }
      await Promise.all(under);
    };
    const blocker = async () => {
      while (performance.now() < untilMs - PHASE_MS) {
        phase = 'calm';
        await sleep(PHASE_MS - GAP_MS);
        phase = 'between';
        await sleep(GAP_MS);
        phase = 'blocks';
        const phaseEndMs = performance.now() + PHASE_MS;
        while (performance.now() < phaseEndMs) {
          await sleep(holdMs * (1 + Math.random()));
          await send(own, app.port, `/loop?ms=${holdMs}`);
        }
      }
      phase = 'between';
    };
    const clients = arrivals === 'closed' ? Array.from({ length: 20 }, () => closed) : [open];
    await Promise.all([...clients, blocker].map((client) => client()));
    const { holds } = await app.ask('truth');
    await untilReported(app);
    // Whatever it was taken for: on a machine without time a block may be the host's doing.
    const delayedMs = app.incidents
      .filter(({ blocks }) => blocks.some((block) => holds.some((hold) => overlapMs(block, hold) > 0)))
      .reduce((sum, incident) => sum + incident.delayedMs, 0);
    return { ...lostTo(holds, requests), delayedMs, waitMs: sumByView(app.reports, waitOf).get('GET /parse') ?? 0 };
  } finally {
    agent.destroy();
    own.destroy();
    await app.stop();
  }
}

const MEAN_GAP_MS = 15;
/** Blocks come for so long, then none for as long; what is sent just before they come may meet one. */
const PHASE_MS = 1500;
const GAP_MS = 300;

const overlapMs = (a, b) => Math.min(a.at + a.durationMs, b.at + b.durationMs) - Math.max(a.at, b.at);

function lostTo(holds, requests) {
  const metMs = ({ at, tookMs }) =>
    holds.reduce((sum, hold) => sum + Math.max(0, overlapMs(hold, { at, durationMs: tookMs })), 0);
  const isUsual = ({ phase }) => phase === 'calm';
  const usual = requests.filter(isUsual);
  const losing = requests.filter((request) => !isUsual(request) && (request.phase === 'blocks' || metMs(request) > 0));
  const usualMs = sumOf(usual) / usual.length;
  return {
    requests: requests.length,
    losing: losing.length,
    usualMs,
    lostMs: sumOf(losing) - losing.length * usualMs,
    heldMs: requests.reduce((sum, request) => sum + metMs(request), 0),
  };
}

const sumOf = (requests) => requests.reduce((sum, { tookMs }) => sum + tookMs, 0);
const busyOf = (view) => view.busy.sum * 1000;
const waitOf = (view) => view.wait.sum * 1000;

/** A report that began after this moment has everything before it behind it. */
async function untilReported(app) {
  const from = Date.now();
  while (!app.reports.some((report) => report.startMs >= from)) await sleep(50);
}

function sumByView(reports, read) {
  const sums = new Map();
  for (const { views } of reports) {
    for (const each of views) {
      const name = `${each.view.method} ${each.view.route}`;
      sums.set(name, (sums.get(name) ?? 0) + read(each));
    }
  }
  return sums;
}
