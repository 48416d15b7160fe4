import { useEffect, useState } from 'preact/hooks';

/** How many of `all` are to be drawn by now: `eachFrame` at first and that many more in every frame. */
export function useGradual(all: number, eachFrame: number): number {
  const [drawn, setDrawn] = useState(eachFrame);
  useEffect(() => {
    if (drawn >= all) return;
    const frame = requestAnimationFrame(() => setDrawn(drawn + eachFrame));
    return () => cancelAnimationFrame(frame);
  }, [all, drawn, eachFrame]);
  return Math.min(all, drawn);
}
