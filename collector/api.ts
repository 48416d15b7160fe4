import { json, Router } from 'express';
import * as v from 'valibot';
import {
  type Category,
  type IncidentDetail,
  type IncidentFilter,
  type IncidentList,
  type IncidentSummary,
  type InstanceList,
  matchesFilter,
  type Overview,
  type TimelineHistory,
  type ViewList,
} from '../protocol/index.js';
import { storable } from './admission.js';
import type { Fleet } from './fleet.js';
import { overviewOf, rankedInstances, rankedViews, viewSummary } from './fleet-overview.js';
import type { IncidentGroup } from './incident-group.js';
import { compareWorst, type IncidentRank } from './incidents.js';
import type { Persistence } from './persistence.js';
import { jsonList } from './pieces.js';
import { HttpProblem } from './problem.js';
import { readTimeline, TimelineQuery, toRange } from './timeline-history.js';

const MAX_LIMIT = 500;
const LIMIT = `a whole number from 1 to ${MAX_LIMIT}`;
const CURSOR = 'the nextCursor of an earlier answer';
const TEXT = 'one text of at most 600 characters';
const Text = v.optional(v.pipe(v.string(TEXT), v.maxLength(600, TEXT)));

const IncidentQuery = v.strictObject({
  limit: v.optional(
    v.pipe(
      v.string(LIMIT),
      v.regex(/^\d{1,4}$/, LIMIT),
      v.transform(Number),
      v.minValue(1, LIMIT),
      v.maxValue(MAX_LIMIT, LIMIT),
    ),
    '100',
  ),
  cursor: v.optional(v.pipe(v.string(CURSOR), v.maxLength(2000, CURSOR))),
  service: Text,
  view: Text,
  kind: v.optional(v.picklist(['sync-only', 'block'], "'sync-only' or 'block'")),
  q: Text,
  category: Text,
  cause: v.optional(v.picklist(['code', 'gc', 'host'], "'code', 'gc' or 'host'")),
  state: v.optional(v.picklist(['open', 'resolved', 'ignored'], "'open', 'resolved' or 'ignored'")),
  instance: Text,
});
const ServiceQuery = v.strictObject({ service: Text });
const REASON = 'a text of at most 1000 characters';
const DecisionBody = v.strictObject({
  state: v.picklist(['open', 'resolved', 'ignored'], "'open', 'resolved' or 'ignored'"),
  reason: v.optional(v.pipe(v.string(REASON), v.trim(), v.maxLength(1000, REASON), v.transform(storable)), ''),
});
const NoQuery = v.strictObject({});

/** `/api/v1/…`, as in `protocol/api.ts`. */
export function apiRoutes(fleet: Fleet, kept: () => Persistence, now: () => number): Router {
  const router = Router();
  router.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });

  router.get('/overview', (request, response) => {
    parseQuery(NoQuery, request.query);
    response.json(overviewOf(fleet, now()) satisfies Overview);
  });

  router.get('/views', async (request, response) => {
    const { service } = parseQuery(ServiceQuery, request.query);
    const views = rankedViews(fleet, now()).filter((view) => service === undefined || view.service === service);
    const rows = summaries(views, (view) => viewSummary(fleet, view, now()) satisfies ViewList['views'][number]);
    response.type('json').send(await jsonList('views', rows));
  });

  router.get('/incidents', (request, response) => {
    const query = parseQuery(IncidentQuery, request.query);
    const after = query.cursor === undefined ? null : parseCursor(query.cursor);
    const incidents: IncidentSummary[] = [];
    let last: IncidentGroup | null = null;
    let nextCursor: string | null = null;
    const filter: IncidentFilter = { ...query, text: query.q, category: query.category as Category };
    for (const group of fleet.incidents.worstFirst()) {
      if (after !== null && compareWorst(group, after) <= 0) continue;
      if (query.instance !== undefined && !group.hasSeen(query.instance)) continue;
      const summary = group.summary(now());
      if (!matchesFilter(summary, filter)) continue;
      if (last !== null && incidents.length === query.limit) {
        nextCursor = toCursor(last);
        break;
      }
      incidents.push(summary);
      last = group;
    }
    response.json({ incidents, nextCursor } satisfies IncidentList);
  });

  const groupOf = (fingerprint: string, service: string | undefined): IncidentGroup => {
    const group = service === undefined ? fleet.incidents.find(fingerprint) : fleet.incidents.get(service, fingerprint);
    if (group === undefined) throw new HttpProblem(404, 'There is no incident with this fingerprint.');
    return group;
  };

  router.get('/incidents/:fingerprint', async (request, response) => {
    const { service } = parseQuery(ServiceQuery, request.query);
    const group = groupOf(request.params.fingerprint, service);
    response.json(group.detail(now(), await kept().groupDetail(group)) satisfies IncidentDetail);
  });

  router.put('/incidents/:fingerprint/state', json({ limit: '16kb' }), async (request, response) => {
    const { service } = parseQuery(ServiceQuery, request.query);
    const group = groupOf(request.params.fingerprint, service);
    const { state, reason } = parseBody(DecisionBody, request.body);
    if (state === 'ignored' && reason === '') throw new HttpProblem(400, 'Field reason: say why it is to be ignored.');
    fleet.decide(group, state, reason, now());
    if (!(await kept().saved())) {
      throw new HttpProblem(503, 'The store is slow; the state may not last.', { 'Retry-After': '2' });
    }
    response.json(group.detail(now(), await kept().groupDetail(group)) satisfies IncidentDetail);
  });

  router.get('/timeline', async (request, response) => {
    const range = toRange(parseQuery(TimelineQuery, request.query), now());
    response.json((await readTimeline(fleet, kept(), range)) satisfies TimelineHistory);
  });

  router.get('/instances', async (request, response) => {
    const { service } = parseQuery(ServiceQuery, request.query);
    const entries = rankedInstances(fleet, now()).filter(
      ({ instance }) => service === undefined || instance.service === service,
    );
    const rows = summaries(entries, (entry) => entry.summary(now()) satisfies InstanceList['instances'][number]);
    response.type('json').send(await jsonList('instances', rows));
  });

  return router;
}

/** Each is made only when its turn has come. */
function* summaries<T, S>(entries: readonly T[], summaryOf: (entry: T) => S): Generator<S> {
  for (const entry of entries) yield summaryOf(entry);
}

function parseBody<T extends v.GenericSchema>(schema: T, body: unknown): v.InferOutput<T> {
  const result = v.safeParse(schema, body ?? {});
  if (result.success) return result.output;
  const issue = result.issues[0];
  const name = v.getDotPath(issue) ?? 'body';
  throw new HttpProblem(
    400,
    issue.type === 'strict_object' && name !== 'body' && issue.expected === 'never'
      ? `There is no field ${name}.`
      : `Field ${name}: accepted is ${issue.message}.`,
  );
}

function parseQuery<T extends v.GenericSchema>(schema: T, query: unknown): v.InferOutput<T> {
  const result = v.safeParse(schema, query);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const name = v.getDotPath(issue) ?? 'query';
  const detail =
    issue.type === 'strict_object'
      ? `There is no parameter ${name}.`
      : `Parameter ${name}: accepted is ${issue.message}.`;
  throw new HttpProblem(400, detail);
}

/** A place in the order, not a number of rows: what comes in between two pages moves nothing. */
function toCursor({ delayedMs, totalMs, key }: IncidentRank): string {
  return Buffer.from(JSON.stringify([delayedMs, totalMs, key])).toString('base64url');
}

const CursorSchema = v.strictTuple([v.number(), v.number(), v.string()]);

function parseCursor(cursor: string): IncidentRank {
  try {
    const [delayedMs, totalMs, key] = v.parse(
      CursorSchema,
      JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')),
    );
    return { delayedMs, totalMs, key };
  } catch {
    throw new HttpProblem(400, `Parameter cursor: accepted is ${CURSOR}.`);
  }
}
