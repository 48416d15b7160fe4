/** Frames in which a list may still grow to where it was. */
const FRAMES = 30;
/** The history does not take every scrolled pixel. Milliseconds. */
const REST_MS = 80;

let timer = 0;

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

/** To the top of a page that is new, and to the old place on one that was left before. */
export function goToPlace(): void {
  const y: number = history.state?.y ?? 0;
  let left = FRAMES;
  const step = (): void => {
    scrollTo(0, y);
    if (scrollY < y && left-- > 0) requestAnimationFrame(step);
  };
  step();
}
