/** Numbers as people read them. Every function takes the unit its name or parameter says. */

const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `0.4 ms`, `12 ms`, `2.10 s`, `3 min 20 s`, `4 h 10 min`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms) || ms <= 0) return '0 ms';
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_995) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3_600) return pair(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 2_880) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  return `${WHOLE.format(minutes / 1440)} d`;
}

function pair(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

/** `7`, `1,240`, `12.4k`, `3.1M`. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return '0';
  if (Math.abs(value) < 10_000) return WHOLE.format(value);
  if (Math.abs(value) < 1_000_000) return `${(value / 1_000).toFixed(1)}k`;
  return `${(value / 1_000_000).toFixed(1)}M`;
}

/** `0.4`, `12`, `1,240` a second. */
export function rate(perSecond: number): string {
  return perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : count(perSecond);
}

/** `0 %`, `0.4 %`, `41 %`, from a share of 0 to 1. */
export function percent(share: number): string {
  const value = share * 100;
  if (!(value > 0)) return '0 %';
  return value < 1 ? `${value < 0.1 ? '< 0.1' : value.toFixed(1)} %` : `${Math.round(value)} %`;
}

/** `84 MB`. */
export function bytes(value: number): string {
  if (value < 1_048_576) return `${Math.round(value / 1024)} KB`;
  if (value < 1_073_741_824) return `${Math.round(value / 1_048_576)} MB`;
  return `${(value / 1_073_741_824).toFixed(1)} GB`;
}

/** `now`, `12 s ago`, `4 min ago`. */
export function age(atMs: number, nowMs: number): string {
  const seconds = Math.round((nowMs - atMs) / 1000);
  if (seconds < 2) return 'now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** `14:03:20`, local time. */
export function clock(atMs: number): string {
  const at = new Date(atMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** A label of a time axis, as fine as the distance to the next: `14:03:20`, `14:03`, `03-01`. Local time. */
export function moment(atMs: number, stepMs: number): string {
  if (stepMs < 60_000) return clock(atMs);
  const time = clock(atMs).slice(0, 5);
  return time === '00:00' || stepMs >= 86_400_000 ? dateTime(atMs).slice(5, 10) : time;
}

/** `2026-03-01 14:03:20`, local time. */
export function dateTime(atMs: number): string {
  const at = new Date(atMs);
  const date = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, '0'));
  return `${date.join('-')} ${clock(atMs)}`;
}

/** `1 request`, `14 requests`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}
