import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { bookCount, booksFile, catalogueFile } from './settings.js';

// Sync calls at start-up hold up nobody: there are no requests yet.

/** Fills the shelves at the first start: a SQLite file of books, and the catalogue that GET /export sends. */
export function stockTheShelves() {
  if (existsSync(booksFile) && existsSync(catalogueFile)) return;
  mkdirSync(dirname(booksFile), { recursive: true });
  const books = Array.from({ length: bookCount }, (_, index) => bookNumber(index));

  // Made under another name first, so that a start that is cut short leaves no half a shop behind.
  const unfinished = `${booksFile}.${process.pid}`;
  const database = new Database(unfinished);
  database.exec(`
    CREATE TABLE books (
      id INTEGER PRIMARY KEY,
      title TEXT NOT NULL,
      author TEXT NOT NULL,
      year INTEGER NOT NULL,
      price_cents INTEGER NOT NULL
    )`);
  const insert = database.prepare('INSERT INTO books (id, title, author, year, price_cents) VALUES (?, ?, ?, ?, ?)');
  database.exec('BEGIN');
  for (const book of books) insert.run(book.id, book.title, book.author, book.year, book.priceCents);
  database.exec('COMMIT');
  database.close();
  rmSync(booksFile, { force: true });
  renameSync(unfinished, booksFile);

  writeFileSync(`${catalogueFile}.${process.pid}`, JSON.stringify(books));
  renameSync(`${catalogueFile}.${process.pid}`, catalogueFile);
}

const ADJECTIVES = [
  'Quiet',
  'Late',
  'Hidden',
  'Borrowed',
  'Northern',
  'Second',
  'Patient',
  'Salt',
  'Paper',
  'Winter',
  'Unwritten',
];
const NOUNS = [
  'Garden',
  'Library',
  'Harbour',
  'Letter',
  'Orchard',
  'Bridge',
  'Atlas',
  'Lighthouse',
  'Market',
  'River',
  'Loop',
  'Hour',
  'Island',
];
const PLACES = ['Lisbon', 'Turku', 'Trieste', 'Valparaíso', 'Kyoto', 'Tromsø', 'Kraków'];
const FIRST_NAMES = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Niklaus', 'Radia', 'Donald', 'Frances', 'Tony'];
const LAST_NAMES = ['Almeida', 'Berg', 'Castellano', 'Dubois', 'Eriksen', 'Fontaine', 'Grabowski', 'Hayashi'];

/** The same book for the same number, on every machine. */
function bookNumber(index) {
  const pick = (words, salt) => words[Math.floor(index / salt) % words.length];
  return {
    id: index + 1,
    title: `The ${pick(ADJECTIVES, 1)} ${pick(NOUNS, 11)} of ${pick(PLACES, 143)}`,
    author: `${pick(FIRST_NAMES, 3)} ${pick(LAST_NAMES, 7)}`,
    year: 1900 + ((index * 37) % 125),
    priceCents: 490 + ((index * 7919) % 3500),
  };
}
