/**
 * Serves an app for a measurement, and answers the harness's questions about this process.
 * CPU time is that of the whole process: the watchdog thread and the garbage collector's threads are in it.
 */
export function serve(app) {
  const server = app.listen(0, '127.0.0.1', 4096, () => process.send({ port: server.address().port }));
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  process.on('message', ({ ask }) => process.send(ask === 'heap' ? heap() : usage()));
  process.on('disconnect', () => process.exit());
}

function usage() {
  const { user, system } = process.cpuUsage();
  return { cpuMicros: user + system, rssBytes: process.memoryUsage.rss() };
}

/** After a full collection; needs `--expose-gc`. */
function heap() {
  globalThis.gc();
  globalThis.gc();
  const { rss, heapUsed } = process.memoryUsage();
  return { rssBytes: rss, heapUsedBytes: heapUsed };
}
