/** Frames in which a list may still grow to where it was. */
const FRAMES = 30;
/** The history does not take every scrolled pixel. Milliseconds. */
const REST_MS = 80;

let timer = 0;
let moved = false;

/** Keeps the place on the page with each step of the history, so that going back leads to where one was. */
export function startScrollPlace(): void {
  history.scrollRestoration = 'manual';
  addEventListener('hashchange', () => clearTimeout(timer));
  addEventListener(
    'scroll',
    () => {
      clearTimeout(timer);
      timer = setTimeout(() => history.replaceState({ y: scrollY }, ''), REST_MS);
    },
    { passive: true },
  );
}

/**
 * To the top of a page that is new, and to the old place on one that was left before. Whoever goes by the keyboard goes
 * on from the page's beginning when what had the focus went with the last page.
 */
export function goToPlace(): void {
  if (moved && document.activeElement === document.body) {
    document.getElementById('main')?.focus({ preventScroll: true });
  }
  moved = true;
  const y: number = history.state?.y ?? 0;
  let left = FRAMES;
  const step = (): void => {
    scrollTo(0, y);
    if (scrollY < y && left-- > 0) requestAnimationFrame(step);
  };
  step();
}
