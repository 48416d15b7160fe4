import { Component, type ComponentChildren, type FunctionComponent, h } from 'preact';

/** A new row counts as two: about 5 ms of drawing and laying out a frame on a slow machine. */
const UNITS_A_FRAME = 12;
const NEW_ROW = 2;
const OLD_ROW = 1;

/** What a frame may still draw, and the rows that wait for the next one. */
const waiting = new Set<Component>();
let left = UNITS_A_FRAME;
let frame = 0;

function mayDraw(row: Component, units: number): boolean {
  if (frame === 0) frame = requestAnimationFrame(nextFrame);
  if (left < units) waiting.add(row);
  else left -= units;
  return !waiting.has(row);
}

function nextFrame(): void {
  frame = 0;
  left = UNITS_A_FRAME;
  const rows = [...waiting];
  waiting.clear();
  for (const row of rows) row.forceUpdate();
}

/**
 * A row of a list, drawn again only when a prop is another one. When a great many change at once they are drawn some a
 * frame: an old row stays as it is until then, and a new one is an empty place of class `to-come`.
 *
 * @param tag what `Inner` answers, `li` or `tr`
 */
export function memoRow<Props extends object>(
  tag: 'li' | 'tr',
  Inner: FunctionComponent<Props>,
): new () => Component<Props> {
  return class Row extends Component<Props> {
    #drawn: ComponentChildren = null;

    override shouldComponentUpdate(next: Props): boolean {
      return (Object.keys(next) as (keyof Props)[]).some((key) => next[key] !== this.props[key]);
    }

    override componentWillUnmount(): void {
      waiting.delete(this);
    }

    render(): ComponentChildren {
      if (mayDraw(this, this.#drawn === null ? NEW_ROW : OLD_ROW)) this.#drawn = Inner(this.props);
      return this.#drawn ?? h(tag, { class: 'to-come' });
    }
  };
}
