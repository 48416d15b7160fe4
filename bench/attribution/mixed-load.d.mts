export interface MixedLoadOptions {
  /** The Node to run the app on; default: this one. */
  readonly node?: string;
  /** How long each of the ten views blocks, one request for each, in milliseconds. */
  readonly durations?: readonly number[];
  /** Further blocks of one view after an `await`. */
  readonly long?: readonly number[];
  readonly gapMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Judgement {
  /** Holds of at least the threshold, and their time, without what the machine took. */
  readonly blocks: number;
  readonly truthMs: number;
  /** Shares, 0 to 1, of `truthMs`. */
  readonly rightShare: number;
  readonly wrongShare: number;
  /** Of the blocks of 100 ms and more, those with the right function and line: a share, 0 to 1. */
  readonly places: number;
  readonly placeShare: number;
}

export interface MixedLoadResult {
  readonly all: Judgement;
  /** Those during which the machine gave time to the app and to Holdup's thread. */
  readonly calm: Judgement;
  readonly starvedMs: number;
  /** Lines for a person: what was not as it should be. */
  readonly misses: readonly string[];
  readonly collectorCoverage: number;
}

export function mixedLoad(options?: MixedLoadOptions): Promise<MixedLoadResult>;
