import { syncToAsync } from 'holdup';

const searchBooksOnWorker = syncToAsync(new URL('../books-queries.js', import.meta.url), 'searchBooks');

/** Longer than this and one request of the mistaken view would hold the loop for seconds. */
const LONGEST_SEARCH = 25;

/**
 * The mistake: words, with or without a space between them. On a text that almost fits, the two repetitions share out
 * its letters in every possible way, and each further letter doubles the time.
 */
const BACKTRACKING_WORDS = /^([\w'-]+\s?)*$/;
/** The same language, with one way only to read a text. */
const WORDS = /^([\w'-]+(\s[\w'-]+)*\s?)?$/;

export async function search(request, response) {
  await answer(request, response, (words) => BACKTRACKING_WORDS.test(words));
}

export async function searchRepaired(request, response) {
  await answer(request, response, (words) => WORDS.test(words));
}

async function answer(request, response, isWords) {
  const words = String(request.query.q ?? '').slice(0, LONGEST_SEARCH);
  if (isWords(words)) response.json({ books: await searchBooksOnWorker(words) });
  else response.status(400).json({ error: 'Please search for words.' });
}
