// Measures what the guard adds to a call, in a process of its own; prints nanoseconds as JSON.
import fs from 'node:fs';

const raw = { existsSync: fs.existsSync, statSync: fs.statSync, readFileSync: fs.readFileSync };
const rawParse = JSON.parse;
const rawStringify = JSON.stringify;

const { holdup } = await import('holdup/express');
const { allowSync, withView } = await import('holdup');
holdup({
  collector: false,
  accounting: 'off',
  allow: [{ operation: 'fs.existsSync', view: 'allowed', reason: 'bench' }],
});

const TURNS = Number(process.argv[2]);
const CALLS = Number(process.argv[3]);
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

function time(call, calls = CALLS) {
  const startedAt = process.hrtime.bigint();
  for (let i = 0; i < calls; i++) call(i);
  return Number(process.hrtime.bigint() - startedAt) / calls;
}

/** Raw and wrapped in turns; the fastest of each, which is the one that nothing else on the machine disturbed. */
function compare(rawCall, call, calls) {
  const raws = [];
  const wrapped = [];
  for (let turn = 0; turn < TURNS; turn++) {
    raws.push(time(rawCall, calls));
    wrapped.push(time(call, calls));
  }
  const fastest = Math.min(...raws);
  return { raw: fastest, added: Math.min(...wrapped) - fastest };
}

const object = { a: 1, b: [1, 2, 3] };
const text = rawStringify(object);
// A stack each: `fresh` is another place for every i.
const fresh = Array.from({ length: 400 }, (_, i) => new Function('call', `${'\n'.repeat(i)}call('/')`));
const existsRaw = () => raw.existsSync('/');
const existsWrapped = () => fs.existsSync('/');
const missing = (stat) => () => {
  try {
    stat('/nope');
  } catch {}
};

const results = {
  'outside a view': compare(existsRaw, existsWrapped),
  'outside a view, nested (readFileSync)': compare(
    () => raw.readFileSync('package.json'),
    () => fs.readFileSync('package.json'),
    CALLS / 4,
  ),
  'outside a view, failing (ENOENT)': compare(missing(raw.statSync), missing(fs.statSync), CALLS / 10),
  'outside a view, JSON.parse of 21 characters': compare(
    () => rawParse(text),
    () => JSON.parse(text),
  ),
  'outside a view, JSON.stringify of as many': compare(
    () => rawStringify(object),
    () => JSON.stringify(object),
  ),
};
withView('bench', () => {
  results['in a view, known site'] = compare(existsRaw, existsWrapped);
  results['in a view, nested (readFileSync)'] = compare(
    () => raw.readFileSync('package.json'),
    () => fs.readFileSync('package.json'),
    CALLS / 4,
  );
  results['in a view, JSON.parse'] = compare(
    () => rawParse(text),
    () => JSON.parse(text),
  );
  results['in a view, JSON.stringify'] = compare(
    () => rawStringify(object),
    () => JSON.stringify(object),
  );
});
withView('allowed', () => {
  results['in a view, allowed by an entry'] = compare(existsRaw, existsWrapped);
  allowSync('bench', () => {
    results['in a view, within allowSync'] = compare(existsRaw, existsWrapped);
  });
});
withView('new sites', () => {
  const first = fresh.slice(0, 100);
  const baseline = first.map((call) => time(() => call(raw.existsSync), 1));
  const added = fresh.slice(100, 116).map((call) => time(() => call(fs.existsSync), 1));
  results['in a view, new site (its stack is taken)'] = {
    raw: median(baseline),
    added: median(added) - median(baseline),
  };
});
process.stdout.write(rawStringify(results), () => process.exit(0));
