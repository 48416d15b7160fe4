import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** Rows of a longer list's first drawing, before anything could be measured. */
const FIRST = 10;
/** A list this short is there whole, for whoever searches the page or has it read out. */
const WHOLE = 40;
/** Rows this near to the screen are there, so that scrolling meets no hole. CSS pixels. */
const NEAR_PX = 300;
/** The window moves by this many rows at a time, so that few scrolled pixels draw nothing. */
const STRIDE = 5;

/** Which rows of a long list are in the document: those from `from` to before `to`. */
export interface RowWindow<Container extends HTMLElement> {
  /** For the element whose only children are the rows in the window. */
  readonly ref: RefObject<Container | null>;
  readonly from: number;
  readonly to: number;
  /** How much room the rows before and after the window would take. CSS pixels. */
  readonly beforePx: number;
  readonly afterPx: number;
}

interface Shown {
  readonly from: number;
  readonly to: number;
  readonly rowPx: number;
}

/** Follows scrolling: of a list of hundreds only the rows on the screen and near it cost anything. */
export function useRowWindow<Container extends HTMLElement>(rows: number): RowWindow<Container> {
  const ref = useRef<Container>(null);
  const [shown, setShown] = useState<Shown>({ from: 0, to: FIRST, rowPx: 0 });
  const whole = rows <= WHOLE;
  const to = whole ? rows : Math.min(shown.to, rows);
  const from = whole ? 0 : Math.min(shown.from, Math.max(0, to - FIRST));
  useEffect(() => {
    if (whole) return;
    let frame = 0;
    const measure = (): void => {
      frame = 0;
      setShown((last) => next(ref.current, last, rows));
    };
    const ask = (): void => {
      if (frame === 0) frame = requestAnimationFrame(measure);
    };
    ask();
    const passively = { capture: true, passive: true };
    const causes = ['scroll', 'resize', 'toggle'];
    for (const cause of causes) addEventListener(cause, ask, passively);
    return () => {
      cancelAnimationFrame(frame);
      for (const cause of causes) removeEventListener(cause, ask, passively);
    };
  }, [rows, from, to]);
  return { ref, from, to, beforePx: from * shown.rowPx, afterPx: (rows - to) * shown.rowPx };
}

function next(container: HTMLElement | null, last: Shown, rows: number): Shown {
  const first = container?.firstElementChild?.getBoundingClientRect();
  const end = container?.lastElementChild?.getBoundingClientRect();
  const drawn = container?.childElementCount ?? 0;
  if (first === undefined || end === undefined || end.bottom <= first.top) return last;
  const rowPx = (end.bottom - first.top) / drawn;
  const top = first.top - last.from * rowPx;
  const stride = (row: number): number => Math.floor(row / STRIDE) * STRIDE;
  const from = Math.max(0, stride((-NEAR_PX - top) / rowPx));
  const to = Math.min(rows, stride((innerHeight + NEAR_PX - top) / rowPx) + STRIDE);
  if (to <= from) return last;
  const isSame = from === last.from && to === last.to;
  // The room of the rows that are not there changes only with the window, or it would grow and shrink at every update.
  if (isSame) return last.rowPx === 0 ? { ...last, rowPx } : last;
  return { from, to, rowPx };
}
