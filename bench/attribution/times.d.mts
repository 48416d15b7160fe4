export interface BusyTimeResult {
  readonly truthMs: number;
  readonly toldMs: number;
  /** What was told of what is true: 1 is the same. */
  readonly ratio: number;
  readonly samplingRatio: number;
}

export function busyTime(options: {
  readonly node?: string;
  readonly accounting: 'exact' | 'windowed';
  readonly seconds: number;
}): Promise<BusyTimeResult>;

export interface DelayedTimeResult {
  readonly requests: number;
  readonly usualMs: number;
  /** What the load generator measured that its requests took longer than usual, in all. */
  readonly lostMs: number;
  /** What Holdup said: the views' wait time, and the incidents' delayed time. */
  readonly waitMs: number;
  readonly delayedMs: number;
}

export function delayedTime(options: {
  readonly node?: string;
  readonly arrivals: 'closed' | 'open';
  readonly seconds: number;
  readonly holdMs?: number;
}): Promise<DelayedTimeResult>;
