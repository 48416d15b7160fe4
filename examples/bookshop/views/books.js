import { syncToAsync } from 'holdup';
import { listBooks } from '../books-queries.js';

const queries = new URL('../books-queries.js', import.meta.url);
const listBooksOnWorker = syncToAsync(queries, 'listBooks');
const findBookOnWorker = syncToAsync(queries, 'findBook');

/**
 * The mistake: the view is async, the driver is not. While SQLite sorts, every other request of this process waits.
 * In Django this would raise SynchronousOnlyOperation.
 */
export async function books(_request, response) {
  response.json({ books: listBooks() });
}

/** The same function, on a worker thread: Django's `await sync_to_async(list_books)()`. */
export async function booksRepaired(_request, response) {
  response.json({ books: await listBooksOnWorker() });
}

export async function book(request, response) {
  const found = await findBookOnWorker(Number(request.params.id));
  if (found === undefined) response.status(404).json({ error: 'There is no such book.' });
  else response.json(found);
}
