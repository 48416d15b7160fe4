import { useEffect, useState } from 'preact/hooks';

/** Rows of the first drawing: they fill a screen. */
const FIRST = 20;

/**
 * How many of `rows` are to be drawn by now: a long list grows over a few frames, so that no one frame waits for all of
 * it.
 */
export function useGradual(rows: number, eachFrame = 16): number {
  const [drawn, setDrawn] = useState(FIRST);
  useEffect(() => {
    if (drawn >= rows) return;
    const frame = requestAnimationFrame(() => setDrawn(Math.min(rows, drawn + eachFrame)));
    return () => cancelAnimationFrame(frame);
  }, [rows, drawn, eachFrame]);
  return Math.min(rows, drawn);
}
