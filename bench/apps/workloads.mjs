import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/**
 * What the app serves, by name: `mount` adds the routes, `requests` are what the load sends in turn, `size` is how large
 * it is unless SIZE says otherwise.
 */
export const WORKLOADS = {
  /** The worst case for anything that watches: an app that does nothing. */
  hello: {
    title: 'hello-world',
    size: 1,
    mount(app) {
      app.get('/', (_request, response) => {
        response.send('Hello World!');
      });
      app.get('/hold', () => {}); // Answers never: a request in flight.
    },
    requests: () => [{ path: '/' }],
  },
  awaits: {
    title: '20 awaits',
    size: 20,
    mount(app, _express, size) {
      const step = async (value) => value;
      app.get('/', async (_request, response) => {
        let sum = 0;
        for (let i = 0; i < size; i++) sum += await step(i);
        response.send(`${sum}`);
      });
    },
    requests: () => [{ path: '/' }],
  },
  file: {
    title: 'file read with promises',
    size: 1,
    mount(app) {
      const file = new URL('./workloads.mjs', import.meta.url);
      app.get('/', async (_request, response) => {
        response.type('text').send(await readFile(file));
      });
    },
    requests: () => [{ path: '/' }],
  },
  /** The bookshop's healthy views with its customers' weights, but for those whose own work (hashing, sorting, megabytes) hides every other cost. */
  bookshop: {
    title: "bookshop's healthy views",
    size: 1,
    async mount(app, express) {
      const { time } = await import('../../examples/bookshop/views/clock.js');
      const { book } = await import('../../examples/bookshop/views/books.js');
      const { searchRepaired } = await import('../../examples/bookshop/views/search.js');
      app.use(express.json());
      app.get('/time', time);
      app.get('/books/:id', book);
      app.get('/search/repaired', searchRepaired);
      app.get('/health', function health(_request, response) {
        response.json({ status: 'ok' });
      });
    },
    requests: () => [
      ...Array.from({ length: 7 }, () => ({ path: '/time' })),
      ...Array.from({ length: 5 }, (_, i) => ({ path: `/books/${1 + i * 9973}` })),
      ...Array.from({ length: 2 }, () => ({ path: '/search/repaired?q=the+quiet+garden' })),
      ...Array.from({ length: 2 }, () => ({ path: '/health' })),
    ],
  },
  /** Routers in two levels, as many in each router as there are routers, so that finding a route stays cheap. */
  routes: {
    title: '50 routes in nested routers',
    size: 50,
    mount(app, express, size) {
      const api = express.Router();
      const eachHas = Math.ceil(Math.sqrt(size));
      for (let from = 0; from < size; from += eachHas) {
        const router = express.Router({ mergeParams: true });
        for (let i = from; i < Math.min(size, from + eachHas); i++) {
          router.get(`/thing${i}/:id`, (request, response) => {
            response.json({ id: request.params.id });
          });
        }
        api.use(`/group${from / eachHas}`, router);
      }
      app.use('/api/v1', api);
    },
    requests(size = 50) {
      const eachHas = Math.ceil(Math.sqrt(size));
      const paths = Array.from(
        { length: size },
        (_, i) => `/api/v1/group${Math.floor(i / eachHas)}/thing${i}/${i * 7}`,
      );
      return paths.map((path) => ({ path }));
    },
  },
  /** As many sync-only calls a request as its size. */
  operations: {
    title: 'sync-only operations',
    size: 1,
    mount(app, _express, size) {
      app.get('/', (_request, response) => {
        let found = 0;
        for (let i = 0; i < size; i++) if (existsSync('/')) found++;
        response.send(`${found}`);
      });
    },
    requests: () => [{ path: '/' }],
  },
};

/** A workload as the harness takes it. */
export function workload(name, size) {
  return { name, size, requests: WORKLOADS[name].requests(size) };
}
