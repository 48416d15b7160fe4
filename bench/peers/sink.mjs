// Where the peers send what they send: takes everything, answers 200 at once, and only counts it.
import { createServer } from 'node:http';

const taken = { opentelemetry: 0, sentry: 0 };

const server = createServer((request, response) => {
  taken[request.url.startsWith('/v1/') ? 'opentelemetry' : 'sentry']++;
  request.resume().on('end', () => response.setHeader('content-type', 'application/json').end('{}'));
});
server.listen(0, '127.0.0.1', () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
process.on('message', () => process.send(taken));
process.on('disconnect', () => process.exit());
