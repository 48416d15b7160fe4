// The mixed load of issue 4: 200 requests at once of ten views, some of which block, against the app's own account.
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { VIEWS_FILE, viewNames } from './marks.mjs';
import { startWatchedApp } from './watched-app.mjs';

const CONNECTIONS = 200;
const THRESHOLD_MS = 50;
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
  const sum = { truthMs: 0, starvedMs: 0, rightMs: 0, wrongMs: 0, hostMs: 0, gcMs: 0, unknownMs: 0 };
  const misses = [];
  let blocks = 0;
  let places = 0;
  let rightPlaces = 0;
  for (const hold of holds.filter(({ durationMs }) => durationMs >= THRESHOLD_MS)) {
    const saidOf = { right: 0, wrong: 0, host: 0, gc: 0, unknown: 0 };
    const seen = [];
    for (const { at, durationMs, incident } of marks) {
      const ms = Math.min(at + durationMs, hold.at + hold.durationMs) - Math.max(at, hold.at);
      if (ms <= 1) continue;
      seen.push({ ms, incident });
      saidOf[verdictOn(incident, hold)] += ms;
    }
    // Where the code did not compute, the machine is to blame indeed: nobody's to attribute.
    const starvedMs = Math.min(saidOf.host, Math.max(0, hold.durationMs - hold.cpuMs));
    const ownMs = hold.durationMs - starvedMs;
    sum.starvedMs += starvedMs;
    if (ownMs < THRESHOLD_MS) continue;
    blocks++;
    sum.truthMs += ownMs;
    sum.rightMs += Math.min(saidOf.right, ownMs);
    for (const kind of ['wrong', 'host', 'gc', 'unknown']) sum[`${kind}Ms`] += saidOf[kind];
    const main = seen.sort((a, b) => b.ms - a.ms)[0]?.incident;
    const { function: name } = VIEWS_FILE.get(hold.name);
    // A callback on the line has no name of its own.
    const hasPlace = [name, ''].includes(main?.site.function) && main.site.line === lines.get(hold.name);
    if (ownMs >= 100) {
      places++;
      if (hasPlace) rightPlaces++;
    }
    if (saidOf.right < ownMs * 0.97 || (!hasPlace && ownMs >= 100)) {
      const said = seen.map(
        ({ ms, incident }) =>
          `${ms.toFixed(0)} ms ${incident.view.method} ${incident.view.route} ${incident.operation} ${incident.cause} ${incident.site.function}:${incident.site.line}`,
      );
      misses.push(
        `${hold.view} ${hold.durationMs.toFixed(0)} ms (${hold.cpuMs.toFixed(0)} computed): ${said.join(' | ') || 'nothing'}`,
      );
    }
  }
  return {
    blocks,
    ...sum,
    viewShare: sum.rightMs / sum.truthMs,
    wrongShare: sum.wrongMs / sum.truthMs,
    places,
    placeShare: rightPlaces / places,
    misses,
  };
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

function shuffled(list) {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}
