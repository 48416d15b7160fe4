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
  const words = wordsOf(request);
  await answer(response, words, BACKTRACKING_WORDS.test(words));
}

export async function searchRepaired(request, response) {
  const words = wordsOf(request);
  await answer(response, words, WORDS.test(words));
}

function wordsOf(request) {
  return String(request.query.q ?? '').slice(0, LONGEST_SEARCH);
}

async function answer(response, words, areWords) {
  if (areWords) response.json({ books: await searchBooksOnWorker(words) });
  else response.status(400).json({ error: 'Please search for words.' });
}
