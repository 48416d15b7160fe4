import { BACKGROUND_VIEW, type IncidentDelta, type IncidentSample, type View } from 'holdup/protocol';

// The views of a made-up bookshop, and what goes wrong in them.

const view = (method: string, route: string, handler: string, kind: 'async' | 'sync' = 'async'): View => ({
  method,
  route,
  handler,
  kind,
});
export const EXPORT = view('GET', '/books/export', 'exportBooks');
export const LOGIN = view('POST', '/login', 'login');
export const SEARCH = view('GET', '/search', 'search', 'sync');
const LIST = view('GET', '/books', 'listBooks');
const BOOK = view('GET', '/books/:id', 'showBook');

/** What each view does in an ordinary second. */
export const BOOKSHOP = [
  { view: LIST, active: 6, perSecond: 38, meanMs: 42, busyMs: 1.4 },
  { view: BOOK, active: 3, perSecond: 52, meanMs: 12, busyMs: 0.6 },
  { view: view('GET', '/api/books/:id/reviews', 'reviews'), active: 4, perSecond: 12, meanMs: 130, busyMs: 0.9 },
  { view: LOGIN, active: 2, perSecond: 5, meanMs: 96, busyMs: 71 },
  { view: EXPORT, active: 1, perSecond: 1, meanMs: 480, busyMs: 410 },
  { view: SEARCH, active: 2, perSecond: 9, meanMs: 30, busyMs: 11 },
  { view: view('GET', '/slow', 'Sleep.get'), active: 5, perSecond: 5, meanMs: 1_004, busyMs: 0.3 },
  { view: view('POST', '/basket/:id/items', 'addItem'), active: 1, perSecond: 6, meanMs: 19, busyMs: 1.1 },
  { view: view('GET', '/time', 'currentTime', 'sync'), active: 1, perSecond: 20, meanMs: 1, busyMs: 0.1 },
  { view: BACKGROUND_VIEW, active: 0, perSecond: 1, meanMs: 30, busyMs: 9 },
] as const;

const FILE = '/srv/bookshop/src/exports.ts';

/** The fields every incident has; a test overrides what it is about. */
export function incident(fields: Partial<IncidentDelta> & Pick<IncidentDelta, 'fingerprint'>): IncidentDelta {
  return {
    kind: 'sync-only',
    operation: 'fs.readFileSync',
    category: 'file',
    cause: 'code',
    view: EXPORT,
    site: { function: 'exportBooks', file: FILE, line: 41, column: 23 },
    owner: '',
    alternative: "await fs.promises.readFile(path, 'utf8')",
    allowed: '',
    count: 1,
    coldCount: 0,
    thrownCount: 0,
    totalMs: 120,
    maxMs: 120,
    delayedRequests: 0,
    delayedMs: 0,
    lastSeen: Date.now(),
    samples: [],
    blocks: [],
    codeFrame: null,
    ...fields,
  };
}

/** One hold of the loop with everything that is told about it. */
export function hold(
  at: number,
  durationMs: number,
  delayed: IncidentSample['delayed'],
  stack: IncidentSample['stack'],
) {
  const delayedMs = delayed.reduce((sum, request) => sum + request.delayedMs, 0);
  return {
    totalMs: durationMs,
    maxMs: durationMs,
    delayedRequests: delayed.length,
    delayedMs,
    lastSeen: at + durationMs,
    samples: [{ at, durationMs, stack, delayed, traceId: '4bf92f3577b34da6a3ce929d0e0e4736' }],
    blocks: [{ at, durationMs }],
  } satisfies Partial<IncidentDelta>;
}

export function exportIncident(endMs: number, random: () => number): IncidentDelta {
  const durationMs = 180 + random() * 300;
  return incident({
    fingerprint: 'v1-3f9a61c2d07b',
    ...hold(endMs - durationMs, durationMs, inFlight(3 + Math.floor(random() * 11), durationMs, random), EXPORT_STACK),
    codeFrame: {
      startLine: 37,
      lines: [
        'export async function exportBooks(request, response) {',
        '  const shop = await findShop(request.params.shop);',
        '  if (shop === null) return response.status(404).end();',
        '  response.type("csv");',
        "  const template = fs.readFileSync(shop.templatePath, 'utf8');",
        '  const rows = shop.books.map((book) => toRow(book));',
        '  response.send(JSON.stringify({ template, rows }));',
        '}',
      ],
    },
  });
}

export function loginIncident(endMs: number, random: () => number): IncidentDelta {
  const durationMs = 62 + random() * 30;
  return incident({
    fingerprint: 'v1-9be02455ac18',
    operation: 'crypto.pbkdf2Sync',
    category: 'crypto',
    view: LOGIN,
    site: { function: 'hashPassword', file: '/srv/bookshop/src/accounts/password.ts', line: 12, column: 18 },
    alternative: "await promisify(crypto.pbkdf2)(password, salt, 600_000, 32, 'sha256')",
    ...hold(
      endMs - durationMs,
      durationMs,
      inFlight(Math.floor(random() * 6), durationMs, random),
      EXPORT_STACK.slice(1),
    ),
  });
}

export function searchIncident(endMs: number, random: () => number): IncidentDelta {
  const durationMs = 140 + random() * 900;
  return incident({
    fingerprint: 'v1-c51d7e90ff32',
    kind: 'block',
    operation: '(block)',
    category: 'code',
    view: SEARCH,
    site: { function: 'matchTitle', file: '/srv/bookshop/src/search.ts', line: 88, column: 9 },
    alternative: '',
    ...hold(endMs - durationMs, durationMs, inFlight(2 + Math.floor(random() * 5), durationMs, random), [
      frame('matchTitle', '/srv/bookshop/src/search.ts', 88, true),
      frame('Array.filter', '', 0, false),
      frame('search', '/srv/bookshop/src/search.ts', 61, true),
    ]),
  });
}

export function collectionIncident(endMs: number, random: () => number): IncidentDelta {
  const durationMs = 55 + random() * 60;
  return incident({
    fingerprint: 'v1-77a0b3e1d9c4',
    kind: 'block',
    operation: '(block)',
    category: 'code',
    cause: 'gc',
    view: LIST,
    site: { function: '', file: '', line: 0, column: 0 },
    alternative: '',
    ...hold(endMs - durationMs, durationMs, inFlight(2, durationMs, random), []),
  });
}

function inFlight(howMany: number, durationMs: number, random: () => number): IncidentSample['delayed'] {
  return Array.from({ length: howMany }, (_, index) => {
    const { method, route } = BOOKSHOP[(index * 2) % 9]?.view ?? BOOK;
    const startOffsetMs = index % 3 === 2 ? random() * durationMs * 0.8 : -random() * 420;
    return { method, route, startOffsetMs, delayedMs: durationMs - Math.max(0, startOffsetMs) };
  }).sort((a, b) => b.delayedMs - a.delayedMs);
}

const frame = (name: string, file: string, line: number, inApp: boolean) => ({
  function: name,
  file,
  line,
  column: line === 0 ? 0 : 23,
  inApp,
});

const EXPRESS = '/srv/bookshop/node_modules/router/lib';
const EXPORT_STACK = [
  frame('Object.readFileSync', 'node:fs', 441, false),
  frame('exportBooks', FILE, 41, true),
  frame('Layer.handleRequest', `${EXPRESS}/layer.js`, 152, false),
  frame('next', `${EXPRESS}/route.js`, 157, false),
  frame('Route.dispatch', `${EXPRESS}/route.js`, 117, false),
  frame('requireShop', '/srv/bookshop/src/shops.ts', 19, true),
  frame('Layer.handleRequest', `${EXPRESS}/layer.js`, 152, false),
  frame('router.handle', `${EXPRESS}/../index.js`, 186, false),
];
