import { setTimeout as sleep } from 'node:timers/promises';

/** An async function view that answers the time. It holds the loop for next to nothing. */
export async function time(_request, response) {
  response.json({ time: new Date().toISOString() });
}

/**
 * An async class-based view that sleeps for a second. Its requests take long and are active all that time, yet the loop
 * is free: waiting is not holding.
 */
export class SleepView {
  #durationMs = 1000;

  async get(_request, response) {
    await sleep(this.#durationMs);
    response.json({ sleptMs: this.#durationMs });
  }
}
