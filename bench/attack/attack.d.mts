export interface AttackResult {
  /** Answers other than 200, and what the collector logged as mistakes of its own. */
  readonly mistakes: readonly string[];
  /** Bytes in use after each wave, garbage collected. */
  readonly weights: readonly { readonly after: string; readonly rss: number; readonly heapUsed: number }[];
  readonly verdict: string;
  readonly dropped: Readonly<Record<string, number>>;
  readonly views: number;
  readonly requests: number;
  readonly incidents: number;
  readonly metrics: {
    readonly bytes: number;
    readonly lines: number;
    readonly ms: number;
    readonly dropped: Readonly<Record<string, number>>;
  };
}

export function attack(options: {
  readonly routes: number;
  readonly fingerprints: number;
  readonly fat: number;
  readonly look?: (url: string) => Promise<void>;
}): Promise<AttackResult>;
