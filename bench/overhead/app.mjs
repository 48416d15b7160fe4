// The worst case for anything that watches: an Express 5 app that does nothing. VARIANT says what it does it under.
import { AsyncLocalStorage } from 'node:async_hooks';
import express from 'express';
import { serve } from '../lib/served.mjs';

const UNDER = {
  bare: async () => null,
  /** What any view run costs at least: one store a request. */
  'async-local-storage': async () => {
    const storage = new AsyncLocalStorage();
    return (request, _response, next) => storage.run({ request }, next);
  },
  holdup: async () => (await import('holdup/express')).holdup(),
};

const middleware = await UNDER[process.env.VARIANT]();
const app = express();
if (middleware !== null) app.use(middleware);
app.get('/', (_request, response) => {
  response.send('Hello World!');
});
serve(app);
