/** How many numbers back a late report is still told from one that was counted already. */
const REMEMBERED = 256;

/** Tells a report that arrives twice from one that arrives late. Nearly always it holds one span. */
export class SequenceWindow {
  /** Spans of numbers that were taken, each its first and its last, oldest first, with gaps between them. */
  readonly #spans: number[] = [];

  /** `newest`: ahead of all before it. `late`: not counted yet, but overtaken. `duplicate`: counted already. */
  take(sequence: number): 'newest' | 'late' | 'duplicate' {
    // An agent that does not number its reports cannot be checked.
    if (!Number.isSafeInteger(sequence) || sequence <= 0) return 'newest';
    const spans = this.#spans;
    const highest = spans.at(-1) ?? 0;
    if (sequence > highest) {
      if (sequence === highest + 1 && spans.length > 0) spans[spans.length - 1] = sequence;
      else spans.push(sequence, sequence);
      while ((spans[1] as number) <= sequence - REMEMBERED) spans.splice(0, 2);
      return 'newest';
    }
    return sequence <= highest - REMEMBERED || !this.#insert(sequence) ? 'duplicate' : 'late';
  }

  /** What was taken, as a text for the store: `1-17 19-20`. */
  toText(): string {
    const spans: string[] = [];
    for (let i = 0; i < this.#spans.length; i += 2) spans.push(`${this.#spans[i]}-${this.#spans[i + 1]}`);
    return spans.join(' ');
  }

  /** Before the first number is taken. */
  restore(text: string): void {
    for (const span of text.split(' ')) {
      const [from = 0, to = 0] = span.split('-').map(Number);
      if (from > (this.#spans.at(-1) ?? 0) && to >= from) this.#spans.push(from, to);
    }
  }

  /** Puts a number into its gap; false when it is in a span. */
  #insert(sequence: number): boolean {
    const spans = this.#spans;
    let next = spans.length;
    while (next > 0 && (spans[next - 2] as number) > sequence) next -= 2;
    const last = spans[next - 1] ?? Number.NEGATIVE_INFINITY;
    if (sequence <= last) return false;
    const endsSpan = last === sequence - 1;
    const beginsSpan = spans[next] === sequence + 1;
    if (endsSpan && beginsSpan) spans.splice(next - 1, 2);
    else if (endsSpan) spans[next - 1] = sequence;
    else if (beginsSpan) spans[next] = sequence;
    else spans.splice(next, 0, sequence, sequence);
    return true;
  }
}
