import Database from 'libsql';
import { booksFile } from './settings.js';

// The driver is synchronous, like many a good one: each call answers when SQLite has, and until then nothing else in its
// thread runs. Whether that is a mistake depends on who calls: see views/books.js.

const database = new Database(booksFile);

/** The dearest books of every year. */
export function listBooks(limit = 50) {
  const ranked = database.prepare(`
    SELECT id, title, author, year, price_cents AS priceCents,
           rank() OVER (PARTITION BY year ORDER BY price_cents DESC) AS rankOfItsYear
    FROM books ORDER BY rankOfItsYear, title LIMIT ?`);
  return ranked.all(limit);
}

/** One book, or undefined. */
export function findBook(id) {
  return database.prepare('SELECT id, title, author, year, price_cents AS priceCents FROM books WHERE id = ?').get(id);
}

/** At most 20 books that have these words in their title. */
export function searchBooks(words) {
  return database.prepare('SELECT id, title, author FROM books WHERE title LIKE ? LIMIT 20').all(`%${words}%`);
}
