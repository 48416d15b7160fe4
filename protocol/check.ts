/**
 * What a process that `holdup check` watches writes down: one JSON object a line, as things happen, into a file of its
 * own in the directory that the variable names. Nothing is lost when the process crashes or is killed.
 */
export type CheckRecord = ProcessWatched | ViewReached | OperationSeen | SightingsDropped;

/** The directory, private to one check. */
export const CHECK_DIRECTORY_VARIABLE = 'HOLDUP_CHECK_DIRECTORY';

/** The first record of every file. */
export interface ProcessWatched {
  readonly type: 'process';
  readonly pid: number;
  /** Its script, as given to node; empty when there is none. */
  readonly script: string;
  /** Whether the guard's self-test saw its own calls. */
  readonly armed: boolean;
}

/** A view that was run at least once. */
export interface ViewReached {
  readonly type: 'view';
  /** `GET /books/:id` */
  readonly view: string;
}

/** A sync-only operation called in a view; once for each operation, view and place. */
export interface OperationSeen {
  readonly type: 'operation';
  readonly operation: string;
  readonly view: string;
  /**
   * Called before the router had found the route, so `view` is not the last word: the same place comes again, not
   * provisional, once the request has ended. If the process ends first, this is all there is.
   */
  readonly provisional: boolean;
  readonly site: CheckedSite;
  readonly alternative: string;
}

/** The user's own frame; when there is none on the stack, the frame of the package that made the call. */
export interface CheckedSite {
  /** An absolute path as the code that runs has it; it makes the site's identity. */
  readonly file: string;
  readonly function: string;
  /** Where a person finds it: source-mapped when the process maps its stacks. */
  readonly location: { readonly file: string; readonly line: number; readonly column: number };
  /** The package under node_modules that made the call; empty when the app's own code did. */
  readonly package: string;
}

/** Something could not be written down. */
export interface SightingsDropped {
  readonly type: 'dropped';
  readonly what: string;
  readonly count: number;
}
