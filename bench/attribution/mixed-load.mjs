// The mixed load of issue 4: 200 requests at once of ten views, some of which block, against the app's own account.
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { shuffled } from '../lib/shuffled.mjs';
import { VIEWS_FILE, viewNames } from './marks.mjs';
import { startWatchedApp } from './watched-app.mjs';

const CONNECTIONS = 200;
const THRESHOLD_MS = 50;
/** A hold of which the machine took less than this, of the app and of Holdup's thread, says how good Holdup is. */
const CALM_SHARE = 0.1;
const CALM_QUEUED_MS = 10;
/** The kernel counts what a thread computes so often. */
const TICK_MS = 4;
const ORDINARY = 'portions=20&pauseMs=40';

/**
 * Drives the load and compares.
 *
 * @param durations how long each view blocks, in milliseconds, one request for each
 * @param gapMs the pause between the start of one blocking request and the next
 */
export async function mixedLoad({ node, durations = [20, 60, 120, 250], long = [2000], gapMs = 60, env = {} } = {}) {
  const app = await startWatchedApp({ node, env });
  try {
    const blocking = shuffled([
      ...durations.flatMap((ms) => viewNames().map((name) => ({ name, ms }))),
      ...long.map((ms) => ({ name: 'loop-later', ms })),
    ]);
    await drive(app.port, blocking, gapMs);
    const { holds } = await app.ask('truth');
    // The last incidents are on their way: a report that began after the last hold comes after them.
    const from = Date.now();
    while (!app.reports.some((report) => report.startMs >= from)) await sleep(50);
    const { loop } = await app.collected('overview');
    return { ...compared(holds, app.incidents), collectorCoverage: loop.coverage };
  } finally {
    await app.stop();
  }
}

async function drive(port, blocking, gapMs) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const names = viewNames();
  const waiting = [];
  let isOver = false;
  const client = async (number) => {
    for (let turn = number; !isOver; turn++) {
      const due = waiting.shift();
      if (due !== undefined) await send(agent, port, `/${due.name}?ms=${due.ms}&pauseMs=5`);
      else await send(agent, port, `/${names[turn % names.length]}?${ORDINARY}`);
    }
  };
  const clients = Array.from({ length: CONNECTIONS }, (_, number) => client(number));
  await sleep(1500);
  for (const each of blocking) {
    waiting.push(each);
    await sleep(gapMs + Math.random() * gapMs);
    while (waiting.length > 1) await sleep(5);
  }
  while (waiting.length > 0) await sleep(20);
  isOver = true;
  await Promise.all(clients);
  agent.destroy();
}

export function send(agent, port, path) {
  return new Promise((resolve, reject) => {
    const sentAtMs = performance.now();
    get({ agent, port, host: '127.0.0.1', path }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(performance.now() - sentAtMs));
    }).on('error', reject);
  });
}

/** What Holdup said of each hold, by overlap in time: the mark on the time axis, its view, its place. */
function compared(holds, incidents) {
  const marks = incidents.flatMap((incident) => incident.blocks.map((mark) => ({ ...mark, incident })));
  const lines = markedLines();
  const judged = holds.filter(({ durationMs }) => durationMs >= THRESHOLD_MS).map((hold) => judge(hold, marks, lines));
  // Where the machine gave no time, it is to blame: what is left was no block.
  const blocks = judged.filter(({ ownMs }) => ownMs >= THRESHOLD_MS);
  const calm = blocks.filter(({ isCalm }) => isCalm);
  return {
    starvedMs: judged.reduce((sum, { hold }) => sum + hold.queuedMs, 0),
    all: summed(blocks),
    calm: summed(calm),
    misses: blocks.filter(isMiss).map(described),
  };
}

function judge(hold, marks, lines) {
  const saidMs = { right: 0, wrong: 0, host: 0, gc: 0, unknown: 0 };
  const seen = [];
  for (const { at, durationMs, incident } of marks) {
    const ms = Math.min(at + durationMs, hold.at + hold.durationMs) - Math.max(at, hold.at);
    if (ms <= 1) continue;
    seen.push({ ms, incident });
    saidMs[verdictOn(incident, hold)] += ms;
  }
  seen.sort((a, b) => b.ms - a.ms);
  const site = seen[0]?.incident.site;
  // A callback on the line has no name of its own.
  const isNamed = [VIEWS_FILE.get(hold.name).function, ''].includes(site?.function);
  return {
    hold,
    saidMs,
    seen,
    ownMs: ownMs(hold),
    hasPlace: isNamed && site.line === lines.get(hold.name),
    // The machine let both the app and the watchdog run, so what is missed is Holdup's own doing.
    isCalm: hold.queuedMs < hold.durationMs * CALM_SHARE && hold.othersQueuedMs < CALM_QUEUED_MS,
  };
}

/** What a hold would have lasted on a machine that has time for it. */
function ownMs({ name, durationMs, computedMs, queuedMs }) {
  const wantedMs = durationMs - queuedMs;
  return VIEWS_FILE.get(name).sleeps ? wantedMs : Math.min(wantedMs, computedMs + TICK_MS);
}

function summed(blocks) {
  const totalMs = (of) => blocks.reduce((sum, block) => sum + of(block), 0);
  const shareOf =
    (kind) =>
    ({ ownMs, saidMs, hold }) =>
      ownMs * Math.min(1, saidMs[kind] / hold.durationMs);
  const truthMs = totalMs(({ ownMs }) => ownMs);
  const long = blocks.filter(({ ownMs }) => ownMs >= 100);
  return {
    blocks: blocks.length,
    truthMs,
    rightShare: totalMs(shareOf('right')) / truthMs,
    wrongShare: totalMs(shareOf('wrong')) / truthMs,
    places: long.length,
    placeShare: long.filter(({ hasPlace }) => hasPlace).length / long.length,
  };
}

function isMiss({ saidMs, hold, hasPlace, ownMs }) {
  return saidMs.right < hold.durationMs * 0.98 || saidMs.wrong > 1 || (!hasPlace && ownMs >= 100);
}

function described({ hold, seen, isCalm }) {
  const said = seen.map(
    ({ ms, incident: { view, operation, cause, site } }) =>
      `${ms.toFixed(0)} ms ${view.method} ${view.route} ${operation} ${cause} ${site.function}:${site.line}`,
  );
  const times = `${hold.durationMs.toFixed(0)} ms, ran ${hold.computedMs.toFixed(0)}, waited ${hold.queuedMs.toFixed(0)}, others ${hold.othersQueuedMs.toFixed(0)}`;
  return `${hold.view} (${times}${isCalm ? ', calm' : ''}): ${said.join(' | ') || 'nothing'}`;
}

function verdictOn({ view, cause }, hold) {
  if (`${view.method} ${view.route}` === hold.view) return 'right';
  if (cause !== 'code') return cause;
  return view.route === '(unknown)' ? 'unknown' : 'wrong';
}

/** The line of each mark `hold: name` in the views' file. */
function markedLines() {
  const lines = readFileSync(new URL('./views.mjs', import.meta.url), 'utf8').split('\n');
  return new Map(
    lines.flatMap((line, at) => {
      const name = /\/\/ hold: (\S+)/.exec(line)?.[1];
      return name === undefined ? [] : [[name, at + 1]];
    }),
  );
}
