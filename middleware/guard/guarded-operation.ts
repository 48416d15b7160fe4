import type { ViewTotals } from '../view-totals.js';
import type { Operation } from './operation-call.js';
import type { Mode } from './policy.js';
import { SiteBook } from './site-book.js';

export type Counts = (result: unknown, durationMs: number) => boolean;

interface Traits {
  readonly alwaysCold?: boolean;
  readonly counts?: Counts | null;
}

/** A sync-only operation as the wrappers know it: what it is, what to do about it, and where it was called from. */
export class GuardedOperation implements Operation {
  readonly name: string;
  readonly category: Operation['category'];
  readonly alternative: string;
  /** First-time work by nature, such as loading a module: always cold, never thrown for. */
  readonly alwaysCold: boolean;
  /** What decides after a call whether it counts, for what cannot be told before; such an operation is never thrown for. */
  readonly counts: Counts | null;
  mode: Mode = 'off';
  readonly #books = new Map<ViewTotals, SiteBook>();
  #lastBook: SiteBook | null = null;

  constructor(operation: Operation, { alwaysCold = false, counts = null }: Traits = {}) {
    this.name = operation.name;
    this.category = operation.category;
    this.alternative = operation.alternative;
    this.alwaysCold = alwaysCold;
    this.counts = counts;
  }

  /** Views are bounded in number, so books are too. */
  bookOf(view: ViewTotals): SiteBook {
    if (this.#lastBook?.view === view) return this.#lastBook;
    let book = this.#books.get(view);
    if (book === undefined) this.#books.set(view, (book = new SiteBook(view)));
    this.#lastBook = book;
    return book;
  }

  /** Forgets every call site, for a guard that starts anew. */
  clear(): void {
    this.#books.clear();
    this.#lastBook = null;
  }
}
