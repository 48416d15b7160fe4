import { Component, type ComponentChildren, cloneElement, type FunctionComponent, type VNode } from 'preact';

/** Rows this near to the screen are kept up to date, so that scrolling meets no old figures. CSS pixels. */
const NEAR_PX = 300;

interface Watched {
  readonly onSight: (inSight: boolean) => void;
}

const watched = new WeakMap<Element, Watched>();
const observer = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) watched.get(entry.target)?.onSight(entry.isIntersecting);
  },
  { rootMargin: `${NEAR_PX}px 0px` },
);

/**
 * A row of a long list. It is drawn again only when a prop is another one, and then only while it is in sight: a row
 * that nobody sees catches up when it is scrolled to. That is what keeps a list of hundreds cheap at one update a second.
 *
 * @param Inner answers one element
 */
export function memoRow<Props extends object>(Inner: FunctionComponent<Props>): new () => Component<Props> {
  return class Row extends Component<Props> {
    #element: Element | null = null;
    #inSight = true;
    #isOld = false;

    readonly #hold = (element: Element | null): void => {
      if (this.#element !== null) observer.unobserve(this.#element);
      this.#element = element;
      if (element === null) return;
      watched.set(element, { onSight: this.#onSight });
      observer.observe(element);
    };

    readonly #onSight = (inSight: boolean): void => {
      this.#inSight = inSight;
      if (inSight && this.#isOld) this.forceUpdate();
    };

    override shouldComponentUpdate(next: Props): boolean {
      const keys = Object.keys(next) as (keyof Props)[];
      if (keys.every((key) => next[key] === this.props[key])) return false;
      this.#isOld = !this.#inSight;
      return this.#inSight;
    }

    render(): ComponentChildren {
      this.#isOld = false;
      return cloneElement(Inner(this.props) as VNode<object>, { ref: this.#hold });
    }
  };
}
