// An Express app that does nothing, with or without Holdup: what a watched process costs when nobody asks anything of
// it. Over IPC: its first message says that it is ready; `{ ask: 'usage' }` is answered by processor time and memory.
import express from 'express';

const app = express();
if (process.env.VARIANT === 'holdup') app.use((await import('holdup/express')).holdup());
app.get('/', (_request, response) => {
  response.send('Hello World!');
});
const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('message', ({ ask }) => {
  if (ask !== 'usage') return;
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  process.send({ cpuMs: (user + system) / 1000, rssBytes: process.memoryUsage.rss() });
});
process.on('disconnect', () => process.exit());
