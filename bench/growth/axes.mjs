/**
 * What the cost may grow with. `x` are the values; `of` says what is served and how much is asked for at a value;
 * `per` is what the added CPU time is set against: a request, or a second.
 */
export const AXES = [
  {
    name: 'requests',
    title: 'Requests a second',
    x: [0, 250, 500, 1000, 2000, 4000],
    quickX: [0, 1000],
    xLabel: 'requests a second',
    per: 'second',
    of: (value) => ({ workload: 'hello', perSecond: value }),
    words: (slope) => `Each request adds ${(slope * 1000).toFixed(1)} µs of CPU time`,
  },
  {
    name: 'routes',
    title: 'Routes',
    x: [1, 100, 400, 1000, 2500],
    quickX: [1, 400],
    xLabel: 'routes, all of them asked for in turn',
    per: 'request',
    of: (value) => ({ workload: 'routes', size: value }),
    words: (slope) => `A thousand more routes add ${(slope * 1000).toFixed(2)} µs to a request`,
  },
  {
    name: 'in-flight',
    title: 'Requests in flight',
    x: [0, 500, 1000, 2500, 5000],
    quickX: [0, 500],
    xLabel: 'other requests in flight',
    per: 'request',
    of: (value) => ({ workload: 'hello', held: value }),
    words: (slope) => `A thousand more requests in flight add ${(slope * 1000).toFixed(2)} µs to a request`,
  },
  {
    name: 'incidents',
    title: 'Incidents a second',
    x: [0, 200, 1000, 5000, 20_000],
    quickX: [0, 1000],
    xLabel: 'sync-only calls a second, in 200 requests a second',
    per: 'second',
    of: (value) => ({ workload: 'operations', size: value / 200, perSecond: 200 }),
    words: (slope) => `Each sync-only call adds ${(slope * 1e6).toFixed(0)} ns`,
  },
  {
    name: 'awaits',
    title: 'Awaits a request',
    x: [0, 10, 25, 50, 100],
    quickX: [0, 50],
    xLabel: 'awaits a request',
    per: 'request',
    of: (value) => ({ workload: 'awaits', size: value }),
    words: (slope) => `Each \`await\` adds ${(slope * 1000).toFixed(0)} ns`,
  },
];
