// Ten ways to hold an event loop, each in a function of its own. The line that blocks carries a mark, `hold: name`, by
// which the harness knows what Holdup should have found.
import { execSync } from 'node:child_process';
import { pbkdf2Sync } from 'node:crypto';
import { statSync } from 'node:fs';
import ejs from 'ejs';

const now = () => performance.now();

function countUp(ms) {
  const until = now() + ms;
  let sum = 0;
  while (now() < until) for (let i = 0; i < 1000; i++) sum += Math.sqrt(i); // hold: loop
  return sum;
}

async function countLater(ms) {
  const until = now() + ms;
  let sum = 0;
  while (now() < until) for (let i = 0; i < 1000; i++) sum += Math.cbrt(i); // hold: loop-later
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
  const until = now() + ms;
  while (now() < until) for (let i = 0; i < 200; i++) statSync(import.meta.filename); // hold: stats
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
  const from = now();
  work(first);
  const perMs = first / (now() - from);
  return (ms) => work(toAmount === undefined ? Math.max(1, Math.round(perMs * ms)) : toAmount(perMs, ms));
}

const regexMs = (() => {
  matchName(18);
  const from = now();
  matchName(20);
  return now() - from;
})();

const ORDERS = JSON.stringify(
  Array.from({ length: 60_000 }, (_, id) => ({ id, title: `book ${id}`, tags: ['a', 'b'], price: id / 7 })),
);
export const ORDERS_BYTES = ORDERS.length;

/**
 * The views: what holds the loop, its function, and whether it comes after an `await`. `hold(ms)` takes about that long;
 * a JSON of 5 MB or a regular expression takes as long as it takes.
 */
export const VIEWS = [
  { name: 'loop', function: 'countUp', later: false, hold: countUp },
  { name: 'loop-later', function: 'countLater', later: true, hold: countLater },
  {
    name: 'regex',
    function: 'matchName',
    later: true,
    hold: (ms) => matchName(20 + Math.max(0, Math.round(Math.log2(ms / regexMs)))),
  },
  { name: 'parse', function: 'readOrders', later: false, hold: () => readOrders(ORDERS) },
  { name: 'render', function: 'renderInvoice', later: true, hold: paced(renderInvoice, 20_000) },
  { name: 'hash', function: 'hashPassword', later: true, hold: paced(hashPassword, 20_000) },
  { name: 'exec', function: 'runConverter', later: false, hold: (ms) => runConverter(ms / 1000) },
  { name: 'stats', function: 'lookForFiles', later: true, hold: lookForFiles },
  { name: 'wait', function: 'waitForWorker', later: true, hold: waitForWorker },
  { name: 'sort', function: 'sortBooks', later: false, hold: paced(sortBooks, 20_000) },
];
