/**
 * Serves an app for a measurement, and answers the harness's questions about this process.
 * CPU time is that of the whole process: the watchdog thread and the garbage collector's threads are in it.
 */
export function serve(app) {
  const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
  server.keepAliveTimeout = 0;
  process.on('message', ({ ask }) => {
    if (ask !== 'usage') return;
    const { user, system } = process.cpuUsage();
    process.send({ cpuMicros: user + system, rssBytes: process.memoryUsage.rss() });
  });
  process.on('disconnect', () => process.exit());
}
