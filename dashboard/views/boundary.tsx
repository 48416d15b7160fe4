import { Component, type ComponentChildren } from 'preact';

interface Failed {
  readonly why: string | null;
}

/** One value that is not as it should be must not take the whole page away. */
export class Boundary extends Component<{ readonly children: ComponentChildren }, Failed> {
  override state: Failed = { why: null };

  static override getDerivedStateFromError(error: unknown): Failed {
    return { why: String(error) };
  }

  override render(): ComponentChildren {
    if (this.state.why === null) return this.props.children;
    return (
      <section class="panel empty" role="alert">
        <p>This page could not be drawn: {this.state.why}</p>
        <p>
          <button type="button" class="button" onClick={() => this.setState({ why: null })}>
            Try again
          </button>
        </p>
      </section>
    );
  }
}
