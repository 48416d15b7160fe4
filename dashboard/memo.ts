import { Component, type ComponentChildren, type FunctionComponent } from 'preact';

/** Renders again only when a prop is another one: what keeps a list of a hundred rows cheap at one update a second. */
export function memo<Props extends object>(Inner: FunctionComponent<Props>): new () => Component<Props> {
  return class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      const keys = Object.keys(next) as (keyof Props)[];
      return keys.some((key) => next[key] !== this.props[key]);
    }

    render(): ComponentChildren {
      return Inner(this.props);
    }
  };
}
