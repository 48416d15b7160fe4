export interface BusyTime {
  /** What the handlers computed, by the app's own clock: busy time is at least that. */
  readonly ownMs: number;
  /** How long the loop was active, by its own account: busy time is at most that. */
  readonly activeMs: number;
  readonly toldMs: number;
  readonly ofOwn: number;
  readonly ofActive: number;
  /** 0 to 1 */
  readonly samplingRatio: number;
  /** Against the app's own clock, 1 being the same. */
  readonly views: readonly { readonly view: string; readonly ratio: number }[];
}

export type BusyLoad = 'steady' | 'bimodal' | 'bursty' | 'dense';

export function loadNames(): BusyLoad[];

export function busyTime(options: {
  readonly node?: string;
  readonly accounting: 'exact' | 'windowed';
  readonly seconds: number;
  readonly load?: BusyLoad;
}): Promise<BusyTime>;

export interface DelayedTime {
  readonly requests: number;
  /** Those that were sent while another view blocked now and then, or met a block. */
  readonly losing: number;
  readonly usualMs: number;
  /** How much longer they took, in all, than those sent while nothing blocked. */
  readonly lostMs: number;
  /** For how long the loop was held between the sending of each and its answer, in all. */
  readonly heldMs: number;
  readonly delayedMs: number;
  readonly waitMs: number;
}

export function delayedTime(options: {
  readonly node?: string;
  readonly arrivals: 'closed' | 'open' | 'new';
  readonly seconds: number;
  readonly holdMs?: number;
}): Promise<DelayedTime>;
