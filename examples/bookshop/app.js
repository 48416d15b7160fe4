import express from 'express';
import { holdup } from 'holdup/express';
import { book, books, booksRepaired } from './views/books.js';
import { SleepView, time } from './views/clock.js';
import { exportCatalogue, exportCatalogueRepaired } from './views/export.js';
import { login, loginRepaired } from './views/login.js';
import { search, searchRepaired } from './views/search.js';

/** The shop: an ordinary Express application. */
export function createShop() {
  const app = express();
  app.use(holdup()); // First, so that it sees the whole of every request. That is all there is to do.
  app.use(express.json());

  const sleepView = new SleepView();
  app.get('/time', time);
  app.get('/sleep', sleepView.get.bind(sleepView));

  app.get('/books', books);
  app.get('/books/repaired', booksRepaired);
  app.get('/books/:id', book);

  app.post('/login', login);
  app.post('/login/repaired', loginRepaired);

  app.get('/export', exportCatalogue);
  app.get('/export/repaired', exportCatalogueRepaired);

  app.get('/search', search);
  app.get('/search/repaired', searchRepaired);

  app.get('/health', function health(_request, response) {
    response.json({ status: 'ok' });
  });
  return app;
}
