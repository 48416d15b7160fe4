// An Express app that says when it listens, and ends: at once, or STAY_MS later, and then says what it has computed.
import { writeSync } from 'node:fs';
import express from 'express';

const app = express();
app.get('/', (_request, response) => response.send('Hello World!'));
const server = app.listen(0, '127.0.0.1', () => {
  writeSync(1, 'listening\n');
  const stayMs = Number(process.env.STAY_MS ?? 0);
  if (stayMs === 0) server.close();
  else setTimeout(end, stayMs);
});

function end() {
  const { user, system } = process.cpuUsage();
  writeSync(1, `computed ${(user + system) / 1000}\n`);
  server.close();
}
