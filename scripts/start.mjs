// `npm start`: the bookshop with two worker processes, its traffic, and Holdup's page. On a fresh machine it first
// installs and builds what is missing. Ctrl-C ends all of it.
import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './lib/build.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { endRunning } from './lib/run.mjs';

/** Without news of a dashboard for this long, the shop's address is printed alone. */
const DASHBOARD_WITHIN_MS = 10_000;
/** The shop ends itself within 3 s; after this it is ended. */
const STOP_AFTER_MS = 6000;

/** What a watched process says when it knows where the page is. */
const DASHBOARD_LINE = /^holdup: dashboard at (\S+)$/;

let shop = null;
let shopUrl = null;
let dashboardUrl = process.env.HOLDUP_COLLECTOR ?? null;
let stopping = false;
let printed = '';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);

try {
  await ensureInstalled();
  await ensureBuilt();
  startShop();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

function startShop() {
  shop = fork(fileURLToPath(new URL('../examples/bookshop/server.js', import.meta.url)), {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, NODE_ENV: 'development' },
  });
  createInterface(shop.stdout).on('line', (line) => {
    if (!line.startsWith('Bookshop: http')) console.log(line);
  });
  createInterface(shop.stderr).on('line', (line) => {
    const url = DASHBOARD_LINE.exec(line)?.[1];
    if (url === undefined) console.error(line);
    else greet({ dashboard: url });
  });
  shop.on('message', (message) => {
    if (message.type !== 'listening') return;
    greet({ shop: message.url });
    setTimeout(
      () => greet({ dashboard: dashboardUrl ?? 'not there; see the messages above' }),
      DASHBOARD_WITHIN_MS,
    ).unref();
  });
  shop.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}

/** Prints both addresses once they are known, and again if the dashboard moves to another process. */
function greet({ shop: newShop = shopUrl, dashboard = dashboardUrl }) {
  shopUrl = newShop;
  dashboardUrl = dashboard;
  if (shopUrl === null || dashboardUrl === null) return;
  const text = [
    '',
    `  The bookshop   ${shopUrl}   two workers, a little traffic, some mistakes`,
    `  Holdup's page  ${dashboardUrl}   who holds up their event loops`,
    '',
    '  Ctrl-C ends both.',
    '',
  ].join('\n');
  if (text !== printed) console.log(text);
  printed = text;
}

function stop() {
  if (stopping) return;
  stopping = true;
  if (shop === null) {
    endRunning();
    process.exit(0);
  }
  shop.kill('SIGTERM');
  setTimeout(() => shop.kill('SIGKILL'), STOP_AFTER_MS).unref();
}
