// An Express app that says when it listens, and ends.
import { writeSync } from 'node:fs';
import express from 'express';

const app = express();
app.get('/', (_request, response) => response.send('Hello World!'));
const server = app.listen(0, '127.0.0.1', () => {
  writeSync(1, 'listening\n');
  server.close();
});
