// The shop's customers: endless, gentle, at a bounded rate, and gone when the shop is.
// Started by server.js as `node traffic.js <url> <requests per second>`.
import { request } from 'node:http';

const [shop, perSecond] = [process.argv[2], Number(process.argv[3])];

/** Beyond this many unanswered requests a customer turns away instead of joining the queue. */
const MOST_IN_FLIGHT = 40;
const PATIENCE_MS = 15_000;

const json = { 'content-type': 'application/json' };
const password = JSON.stringify({ name: 'ada', password: 'correct horse battery staple' });
const words = '/search?q=the+quiet+garden';
// Almost words: the last character is none, and only then does the expression try every way to read the rest.
const almostWords = `/search?q=${'unputdownablepageturner!'}`;

/** Thirty visits: how often each appears is how often it happens. */
const visits = [
  ...times(7, () => visit('GET', '/time')),
  ...times(4, () => visit('GET', '/sleep')),
  ...times(5, () => visit('GET', `/books/${1 + Math.floor(Math.random() * 50_000)}`)),
  ...times(2, () => visit('GET', '/books')),
  ...times(2, () => visit('GET', '/books/repaired')),
  ...times(1, () => visit('POST', '/login', password)),
  ...times(2, () => visit('POST', '/login/repaired', password)),
  ...times(1, () => visit('GET', '/export')),
  ...times(1, () => visit('GET', '/export/repaired')),
  ...times(1, () => visit('GET', words)),
  ...times(1, () => visit('GET', almostWords)),
  ...times(2, () => visit('GET', `${words.replace('?', '/repaired?')}`)),
  ...times(1, () => visit('GET', '/a-page-that-is-not-there')),
];

let inFlight = 0;
let hand = [];
setInterval(() => {
  if (inFlight >= MOST_IN_FLIGHT) return;
  if (hand.length === 0) hand = shuffled(visits);
  hand.pop()();
}, 1000 / perSecond);

process.on('disconnect', () => process.exit());
process.on('SIGINT', () => {});

function visit(method, path, body) {
  // Without keep-alive each visit is a new connection, so the workers get them in turn.
  const options = { method, agent: false, timeout: PATIENCE_MS, headers: body === undefined ? {} : json };
  const outgoing = request(new URL(path, shop), options, (response) => response.resume());
  inFlight++;
  outgoing.on('close', () => inFlight--);
  outgoing.on('timeout', () => outgoing.destroy());
  outgoing.on('error', () => {}); // The shop is stopping, or too slow: both are its business.
  outgoing.end(body);
}

function times(count, action) {
  return Array(count).fill(action);
}

/** Fisher and Yates' shuffle, of a copy. */
function shuffled(cards) {
  const deck = [...cards];
  for (let i = deck.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [deck[i], deck[j]] = [deck[j], deck[i]];
  }
  return deck;
}
