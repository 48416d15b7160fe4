import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the books are kept: made at the first start, safe to delete. */
const folder = process.env.BOOKSHOP_DATA ?? fileURLToPath(new URL('../../.cache/bookshop', import.meta.url));

export const booksFile = join(folder, 'books-v1.sqlite');
export const catalogueFile = join(folder, 'catalogue-v1.json');

/** Loopback only: this shop is slow on purpose. */
export const host = '127.0.0.1';
export const preferredPort = Number(process.env.BOOKSHOP_PORT ?? 3000);
export const workerCount = Number(process.env.BOOKSHOP_WORKERS ?? 2);
export const requestsPerSecond = Number(process.env.BOOKSHOP_REQUESTS_PER_SECOND ?? 15);

/** Enough books that listing them takes as long as a real shop's forgotten query. */
export const bookCount = 50_000;
