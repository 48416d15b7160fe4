import type { DroppedCount } from '../../protocol/index.js';
import type { Drained, IncidentsSeen, RawFrame, ToWatchdog } from './messages.js';

/** What a group's first message carried, kept for a thread that has to start anew. As many as there are groups. */
const MAX_STACKS = 1000;

/** Knows what the thread did not get: what is lost for good is counted, what it still needs is added to later messages. */
export class Undelivered {
  readonly #stacks = new Map<number, readonly RawFrame[]>();
  readonly #dropped = new Map<string, number>();
  /** The thread may not have every stack that was sent once. */
  #stacksMissing = false;

  count(what: string, count: number): void {
    this.#dropped.set(what, (this.#dropped.get(what) ?? 0) + count);
  }

  /** `message` will not be sent. */
  lost(message: ToWatchdog): void {
    if (message.type === 'drained') this.count('reports', 1);
    else if (message.type === 'block') this.count('incidents', 1);
    else if (message.type === 'incidents') {
      this.count('incidents', message.incidents.length);
      this.#keepStacks(message);
      this.#stacksMissing = true;
    }
  }

  /** The thread is a new one. */
  threadRestarted(): void {
    this.#stacksMissing = true;
  }

  withDropped(message: Drained): Drained {
    if (this.#dropped.size === 0) return message;
    const dropped: DroppedCount[] = [...message.report.dropped];
    for (const [what, count] of this.#dropped) dropped.push({ what, count });
    this.#dropped.clear();
    return { ...message, report: { ...message.report, dropped } };
  }

  /** A group's stack is sent once; a thread that was started anew needs it again. */
  withStacks(message: IncidentsSeen): IncidentsSeen {
    this.#keepStacks(message);
    if (!this.#stacksMissing) return message;
    const incidents = message.incidents.map((each) =>
      each.stack === null ? { ...each, stack: this.#stacks.get(each.groupId) ?? null } : each,
    );
    return { ...message, incidents };
  }

  #keepStacks({ incidents }: IncidentsSeen): void {
    for (const { groupId, stack } of incidents) {
      if (stack !== null && this.#stacks.size < MAX_STACKS) this.#stacks.set(groupId, stack);
    }
  }
}
