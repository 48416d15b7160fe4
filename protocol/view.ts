/**
 * A view is a route handler. It is named by its method and its route *pattern*, never by the raw path,
 * so the number of views is bounded by the code and not by the traffic.
 */
export interface View {
  /** `GET`, `POST`, …; empty for work that no request started. */
  readonly method: string;
  /** The full pattern with mount prefixes, such as `/api/books/:id`, or one of the bracketed names below. */
  readonly route: string;
  /** The handler function's own name; empty when it has none. */
  readonly handler: string;
  readonly kind: ViewKind;
}

/** How the handler was written. Both run on the event loop; a sync handler too stops everyone while it runs. */
export type ViewKind = 'async' | 'sync';

/** Requests that reached no route (404, or answered by a middleware). */
export const UNMATCHED_ROUTE = '(unmatched)';
/** Work that no request started: a timer, a queue consumer. */
export const BACKGROUND_ROUTE = '(background)';
/** A block while the program loads and has served nothing yet, of which no stack was taken: nobody waits for it. */
export const START_UP_ROUTE = '(start-up)';
/** A block that could be given to no view: shown, so that what is not known is not hidden. */
export const UNKNOWN_ROUTE = '(unknown)';
/** Where views beyond the limit of an instance are counted together. */
export const OTHER_ROUTE = '(other)';

export const BACKGROUND_VIEW: View = { method: '', route: BACKGROUND_ROUTE, handler: '', kind: 'sync' };

/** The name people read: `GET /books/:id`, or just `(background)`. */
export function viewName(view: Pick<View, 'method' | 'route'>): string {
  return view.method === '' ? view.route : `${view.method} ${view.route}`;
}
