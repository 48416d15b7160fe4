// Measures parts of Holdup one by one, in a process of its own; prints nanoseconds as JSON. It reaches behind the
// published entry points, since these parts have none of their own.
import fs from 'node:fs';
import { withView } from 'holdup';
import { holdup } from 'holdup/express';
import { fromOtlpLogs, fromOtlpMetrics, Histogram, toOtlpLogs, toOtlpMetrics } from 'holdup/protocol';
import { Fleet } from '../../dist/collector/fleet.js';
import { overviewOf, viewSummary } from '../../dist/collector/fleet-overview.js';
import { joinPatterns, mountedPatternOf } from '../../dist/middleware/adapters/express-route.js';
import { Recorder } from '../../dist/middleware/recorder.js';
import { ViewRun } from '../../dist/middleware/view-run.js';
import { incidentBatch, instance, loop, rest } from './samples.mjs';

const TURNS = Number(process.argv[2]);
/** How long one turn of one part is about. */
const TURN_MS = 5;
const VIEWS = 500;

const deaf = { viewNamed() {}, operationEnded() {}, incidentSeen() {}, traceId: () => '' };

/** A part is a function that does its work once and returns something of it, so that the work cannot be left out. */
const parts = {};

{
  // Nothing of Holdup's: a map, an object and some arithmetic, so that parts are told as multiples of this machine.
  const keys = Array.from({ length: 64 }, (_, i) => `GET /books/${i}`);
  const map = new Map(keys.map((key, i) => [key, i]));
  parts.reference = (i) => {
    const entry = { at: map.get(keys[i & 63]), value: Math.log2(i + 1) };
    return entry.at + Math.ceil(entry.value);
  };
}
{
  const recorder = new Recorder(deaf, 50);
  const unmatched = recorder.unmatchedView('GET');
  const view = recorder.view('GET', '/books/:id', 'book', 'async');
  let id = 0;
  parts['recorder: one view run'] = () => {
    const run = new ViewRun(++id, unmatched, null, performance.now());
    recorder.recordStart(run);
    recorder.recordRoute(run, view);
    run.busyMs = (id & 15) / 10;
    recorder.recordFinish(run, run.startedAtMs + 1 + (id & 63) / 10);
    return run.id;
  };
}
{
  const histogram = new Histogram();
  parts['histogram: record'] = (i) => histogram.record(((i & 1023) + 1) / 1e5);
}
{
  const recorder = new Recorder(deaf, 50);
  const layer = { rawPath: '/api/v1' };
  parts['view naming: mounted route'] = () => {
    const pattern = joinPatterns(mountedPatternOf(layer, '/shop'), '/books/:id');
    return recorder.view('GET', pattern).id;
  };
}
{
  const recorder = new Recorder(deaf, 50);
  const views = Array.from({ length: VIEWS - 1 }, (_, i) => recorder.view('GET', `/books/${i}/:id`, 'book', 'async'));
  const fill = () => {
    for (const [i, view] of views.entries()) {
      for (let n = 1; n <= 5; n++) {
        const run = new ViewRun(n, view, null, 0);
        recorder.recordStart(run);
        recorder.recordFinish(run, (n * (i + 1)) / 100);
      }
    }
  };
  parts[`drain: ${VIEWS} views`] = () => recorder.drain(loop, rest).views.length;
  parts[`drain: ${VIEWS} views`].before = fill;

  fill();
  const report = { ...recorder.drain(loop, rest), instance, sequence: 1 };
  const body = JSON.stringify(toOtlpMetrics(report));
  parts[`OTLP: encode a report of ${VIEWS} views`] = () => JSON.stringify(toOtlpMetrics(report)).length;
  const fleet = new Fleet(Date.now());
  let sequence = 0;
  parts[`ingest: a report of ${VIEWS} views`] = () => {
    const { reports } = fromOtlpMetrics(JSON.parse(body));
    return fleet.recordReport({ ...reports[0], sequence: ++sequence }, Date.now());
  };
  const batchBody = JSON.stringify(toOtlpLogs(incidentBatch));
  parts['OTLP: encode 20 incidents'] = () => JSON.stringify(toOtlpLogs(incidentBatch)).length;
  parts['ingest: 20 incidents'] = () => {
    const { batches } = fromOtlpLogs(JSON.parse(batchBody));
    return fleet.recordBatch({ ...batches[0], sequence: ++sequence }, Date.now());
  };
  // What the live feed makes of the fleet once a second, for all pages together.
  parts['live: a delta of 200 views and 20 incidents'] = () => {
    const at = Date.now();
    const point = fleet.peekSecond(at);
    const changes = fleet.changes.take(at, 200);
    return JSON.stringify({
      overview: overviewOf(fleet, at),
      views: changes.views.map((view) => viewSummary(fleet, view, at)),
      incidents: changes.incidents.map((group) => group.summary(at)),
      instances: changes.instances.map((entry) => entry.summary(at)),
      point,
    }).length;
  };
  parts['live: a delta of 200 views and 20 incidents'].before = () => {
    fleet.recordReport({ ...report, sequence: ++sequence }, Date.now());
    fleet.recordBatch({ ...incidentBatch, sequence: ++sequence }, Date.now());
  };
}

holdup({ collector: false, accounting: 'off' });
parts['wrapper: outside a view'] = () => fs.existsSync('/');
parts['wrapper: in a view, known site'] = () => fs.existsSync('/');

const results = {};
for (const [name, part] of Object.entries(parts)) {
  const inView = name.includes('in a view');
  results[name] = inView ? withView('bench', () => fastest(part)) : fastest(part);
}
process.stdout.write(JSON.stringify(results), () => process.exit(0));

/** Nanoseconds of one call: the fastest turn, which is the one that nothing else on the machine disturbed. */
function fastest(part) {
  const { before } = part;
  let kept = 0;
  let calls = 1;
  // As many calls a turn as fill it; they also warm the part up.
  if (before === undefined) while (time(calls) * calls < TURN_MS * 1e6) calls *= 2;
  let best = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < TURNS; turn++) best = Math.min(best, time(calls));
  if (kept === Number.MIN_VALUE) throw new Error('Never: it keeps the results in use.');
  return best;

  function time(count) {
    before?.();
    const startedAt = process.hrtime.bigint();
    for (let i = 0; i < count; i++) kept = part(i);
    return Number(process.hrtime.bigint() - startedAt) / count;
  }
}
