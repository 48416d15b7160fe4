export interface FuzzFault {
  readonly number?: number;
  readonly kind?: string;
  readonly status?: number;
  readonly answer?: string;
  readonly begin?: string;
  /** What the collector logged as a mistake of its own. */
  readonly mistake?: string;
}

export interface FuzzWeight {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly pollution: readonly string[];
}

export interface FuzzResult {
  readonly payloads: number;
  /** How often one was told to come again (503), and came. */
  readonly again: number;
  readonly seconds: number;
  /** By kind of payload and HTTP status, how many. */
  readonly kinds: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly faults: readonly FuzzFault[];
  /** After each tenth, garbage collected. */
  readonly weights: readonly FuzzWeight[];
  readonly wrongSums: readonly string[];
  readonly honest: { readonly requests: number; readonly occurrences: number };
  readonly dropped: Readonly<Record<string, number>>;
}

export function fuzz(options: { readonly payloads: number; readonly seed: number }): Promise<FuzzResult>;
