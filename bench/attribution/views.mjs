// Ten ways to hold an event loop, each in a function of its own. The line that blocks carries a mark, `hold: name`, by
// which the harness knows what Holdup should have found.
import { execSync } from 'node:child_process';
import { pbkdf2Sync } from 'node:crypto';
import { statSync } from 'node:fs';
import ejs from 'ejs';

function countUp(ms) {
  const until = performance.now() + ms;
  let sum = 0;
  while (performance.now() < until) for (let i = 0; i < 1000; i++) sum += Math.sqrt(i); // hold: loop
  return sum;
}

async function countLater(ms) {
  const until = performance.now() + ms;
  let sum = 0;
  while (performance.now() < until) for (let i = 0; i < 1000; i++) sum += Math.cbrt(i); // hold: loop-later
  return sum;
}

/** Backtracks twice as long for each letter more. */
function matchName(letters) {
  return /^(a+)+$/.test(`${'a'.repeat(letters)}b`); // hold: regex
}

function readOrders(text) {
  return JSON.parse(text); // hold: parse
}

const invoice = ejs.compile('<% for (let i = 0; i < rows; i++) { %><tr><td><%= "row <" + i %></td></tr>\n<% } %>');
function renderInvoice(rows) {
  return invoice({ rows }); // hold: render
}

function hashPassword(rounds) {
  return pbkdf2Sync('secret', 'salt', rounds, 64, 'sha512'); // hold: hash
}

function runConverter(seconds) {
  return execSync(`sleep ${seconds}`); // hold: exec
}

function lookForFiles(ms) {
  const until = performance.now() + ms;
  while (performance.now() < until) for (let i = 0; i < 200; i++) statSync(import.meta.filename); // hold: stats
}

const cell = new Int32Array(new SharedArrayBuffer(4));
function waitForWorker(ms) {
  return Atomics.wait(cell, 0, 0, ms); // hold: wait
}

function sortBooks(count) {
  const books = Array.from({ length: count }, (_, i) => (i * 7919) % 100_003);
  return books.sort((a, b) => Math.sin(a) - Math.sin(b)); // hold: sort
}

/** How much of each makes a given time on this machine; measured once, before the load. */
function paced(work, first, toAmount) {
  work(first);
  const from = performance.now();
  work(first);
  const perMs = first / (performance.now() - from);
  return (ms) => work(toAmount === undefined ? Math.max(1, Math.round(perMs * ms)) : toAmount(perMs, ms));
}

const regexMs = (() => {
  matchName(18);
  const from = performance.now();
  matchName(20);
  return performance.now() - from;
})();

const ORDERS = JSON.stringify(
  Array.from({ length: 60_000 }, (_, id) => ({ id, title: `book ${id}`, tags: ['a', 'b'], price: id / 7 })),
);
export const ORDERS_BYTES = ORDERS.length;

/**
 * The views: what holds the loop, and whether it comes after an `await`. `hold(ms)` takes about that long;
 * a JSON of 5 MB or a regular expression takes as long as it takes.
 */
export const VIEWS = [
  { name: 'loop', later: false, hold: countUp },
  { name: 'loop-later', later: true, hold: countLater },
  {
    name: 'regex',
    later: true,
    hold: (ms) => matchName(20 + Math.max(0, Math.round(Math.log2(ms / regexMs)))),
  },
  { name: 'parse', later: false, hold: () => readOrders(ORDERS) },
  { name: 'render', later: true, hold: paced(renderInvoice, 20_000) },
  { name: 'hash', later: true, hold: paced(hashPassword, 20_000) },
  { name: 'exec', later: false, hold: (ms) => runConverter(ms / 1000) },
  { name: 'stats', later: true, hold: lookForFiles },
  { name: 'wait', later: true, hold: waitForWorker },
  { name: 'sort', later: false, hold: paced(sortBooks, 20_000) },
];
