/** The bounds of what the collector keeps and takes. What does not fit is counted under `dropped`. */
export const COLLECTOR_LIMITS = {
  instances: 5000,
  views: 5000,
  incidentGroups: 10_000,
  /** Over all groups; each keeps its worst 20 until there are more than 1,000 groups, then fewer. */
  samples: 20_000,
  /** About what they take, with their stacks. Beyond it the groups not heard of for longest keep theirs in the store only. */
  sampleBytes: 128 * 1024 * 1024,
  /** Pairs of route and operation, for `/metrics`. */
  operations: 500,
  /** Names of what was dropped. */
  droppedNames: 50,
  /** After decompression. */
  bodyBytes: 8 * 1024 * 1024,
  jsonDepth: 128,
  jsonStringBytes: 1024 * 1024,
  /** Ingest requests being read or parsed at once; one more is told to come again. */
  ingestAtOnce: 512,
  /** Connections that wait to be taken, such as those of a whole fleet after a restart; the system may allow fewer. */
  connectionsWaiting: 4096,
  liveClients: 1000,
  /** What may wait in one live client's socket before messages are dropped. */
  liveBufferBytes: 1024 * 1024,
} as const;

/** A process is silent after this long without a report … */
export const SILENT_AFTER_MS = 5000;
/** … gone after this long … */
export const GONE_AFTER_MS = 30_000;
/** … and forgotten after this long. */
export const FORGOTTEN_AFTER_MS = 600_000;
