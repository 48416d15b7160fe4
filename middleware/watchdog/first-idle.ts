const LOOK_EVERY_MS = 20;
/** A program that is still loading waits for files now and then, but not for most of the time. */
const IDLE_SHARE = 0.75;

/**
 * Calls `then` once, when the loop has been idle for most of a moment: the program has loaded and waits for work. Keeps
 * no process alive, and calls nothing when it ends before that.
 *
 * @returns a function that ends the waiting.
 */
export function onFirstIdle(then: () => void): () => void {
  let since = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    const { idle, active } = performance.eventLoopUtilization(since);
    since = performance.eventLoopUtilization();
    if (idle < (idle + active) * IDLE_SHARE) return;
    clearInterval(timer);
    then();
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
