import type { ChildProcess } from 'node:child_process';
import type { IncidentDelta, Report } from 'holdup/protocol';

export interface WatchedAppOptions {
  readonly node?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly core?: number | null;
}

export interface Hold {
  readonly view: string;
  readonly at: number;
  readonly durationMs: number;
  /** What the machine took of it. */
  readonly queuedMs: number;
}

export interface WatchedApp {
  readonly port: number;
  readonly pid: number;
  readonly child: ChildProcess;
  /** What the process has sent so far. */
  readonly reports: Report[];
  readonly incidents: IncidentDelta[];
  ask(question: 'truth' | 'reset'): Promise<{ holds: Hold[]; busyMs: Record<string, number>; activeMs: number }>;
  /** What the collector answers at `/api/v1/…`. */
  collected<T>(path: string): Promise<T>;
  stop(): Promise<void>;
}

export function startWatchedApp(options?: WatchedAppOptions): Promise<WatchedApp>;
