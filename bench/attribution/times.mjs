// Busy time and delayed time as Holdup tells them, against those who know: the app itself, and the load generator.
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { viewNames } from './marks.mjs';
import { send } from './mixed-load.mjs';
import { startWatchedApp } from './watched-app.mjs';

/**
 * Ordinary work after `await`s, too short to be a block, at about half of the loop's time. Each portion takes long
 * enough that what the framework itself does with a request, which the app cannot measure, is a small part of it.
 *
 * @returns per view what Holdup's busy time is of the app's own account, 1 being the same; and over all views
 */
export async function busyTime({ node, accounting, seconds }) {
  const app = await startWatchedApp({ node, env: { HOLDUP_ACCOUNTING: accounting } });
  try {
    const agent = new Agent({ keepAlive: true });
    await send(agent, app.port, '/loop');
    await untilReported(app);
    await app.ask('reset');
    app.reports.length = 0;
    const untilMs = performance.now() + seconds * 1000;
    // Views of different weight: the first few have most of the load.
    const client = async (number) => {
      const name = viewNames()[number % 4];
      const work = `portions=4&pauseMs=30&portionMs=${6 + 3 * (number % 4)}`;
      while (performance.now() < untilMs) await send(agent, app.port, `/${name}?${work}`);
    };
    await Promise.all(Array.from({ length: 4 }, (_, number) => client(number)));
    const { busyMs } = await app.ask('truth');
    await untilReported(app);
    agent.destroy();
    const told = sumByView(app.reports, (view) => view.busy.sum * 1000);
    const views = Object.entries(busyMs)
      .filter(([, ms]) => ms > 0)
      .map(([view, ms]) => ({ view, truthMs: ms, toldMs: told.get(view) ?? 0, ratio: (told.get(view) ?? 0) / ms }));
    const truthMs = views.reduce((sum, view) => sum + view.truthMs, 0);
    const toldMs = views.reduce((sum, view) => sum + view.toldMs, 0);
    const ratios = app.reports.map(({ observer }) => observer.samplingRatio);
    const samplingRatio = ratios.reduce((sum, each) => sum + each, 0) / ratios.length;
    return { truthMs, toldMs, ratio: toldMs / truthMs, samplingRatio, views };
  } finally {
    await app.stop();
  }
}

/**
 * Requests that are waiting for many short timers while another view blocks: what each takes longer than it does on a
 * loop that is free is what the block cost it.
 *
 * @param arrivals `closed`: each client sends its next request when the last is answered; `open`: requests come at
 * random moments, also while the loop is held, when the process cannot know of them yet
 */
export async function delayedTime({ node, arrivals, seconds, holdMs = 200 }) {
  const app = await startWatchedApp({ node });
  try {
    const agent = new Agent({ keepAlive: true });
    const path = arrivals === 'closed' ? '/parse?portions=20&pauseMs=5' : '/parse?portions=1&pauseMs=1';
    const usual = [];
    for (let i = 0; i < 20; i++) usual.push(await send(agent, app.port, path));
    // As from clients that keep their connections: what a new one waits for is in the kernel's queue, too.
    await Promise.all(Array.from({ length: 60 }, () => send(agent, app.port, path)));
    const usualMs = usual.sort((a, b) => a - b)[10];
    await untilReported(app);
    app.reports.length = 0;
    app.incidents.length = 0;
    const untilMs = performance.now() + seconds * 1000;
    let lostMs = 0;
    let requests = 0;
    const one = async () => {
      const tookMs = await send(agent, app.port, path);
      lostMs += Math.max(0, tookMs - usualMs);
      requests++;
    };
    const closed = async () => {
      while (performance.now() < untilMs) await one();
    };
    const open = async () => {
      const under = [];
      while (performance.now() < untilMs) {
        await sleep(Math.random() * 40);
        under.push(one());
      }
      await Promise.all(under);
    };
    const blocker = async () => {
      const own = new Agent({ keepAlive: true });
      while (performance.now() < untilMs - holdMs * 2) {
        await sleep(holdMs * (1 + Math.random()));
        await send(own, app.port, `/loop?ms=${holdMs}`);
      }
      own.destroy();
    };
    const clients = arrivals === 'closed' ? Array.from({ length: 20 }, closed) : [open()];
    await Promise.all([...clients, blocker()]);
    await untilReported(app);
    agent.destroy();
    const waits = sumByView(app.reports, (view) => view.wait.sum * 1000);
    const delayedMs = app.incidents.reduce((sum, incident) => sum + incident.delayedMs, 0);
    return { requests, usualMs, lostMs, waitMs: waits.get('GET /parse') ?? 0, delayedMs };
  } finally {
    await app.stop();
  }
}

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
