import { SLOTS } from './stacked.js';

/** The colours of the style sheet, as a canvas needs them. Read again whenever the theme changes. */
export interface ChartColours {
  readonly series: readonly string[];
  readonly blocked: string;
  readonly blockedTint: string;
  readonly text: string;
  readonly faint: string;
  readonly line: string;
  readonly surface: string;
  readonly gap: string;
  readonly load: string;
  readonly p50: string;
  readonly mono: string;
}

const SERIES = Array.from({ length: SLOTS }, (_, slot) => `series-${slot + 1}`);
const NAMES = [
  'blocked',
  'blocked-tint',
  'text-2',
  'text-3',
  'line',
  'surface',
  'gap',
  'load',
  'series-rest',
  ...SERIES,
];

/**
 * A custom property may hold `light-dark(…)`; only a real property of a real element resolves it. One element for each,
 * so that all of them are resolved at once.
 */
export function readColours(): ChartColours {
  const probe = document.createElement('div');
  probe.hidden = true;
  const colourOf = new Map<string, CSSStyleDeclaration>();
  for (const name of NAMES) {
    const one = document.createElement('i');
    one.style.color = `var(--${name})`;
    probe.append(one);
    colourOf.set(name, getComputedStyle(one));
  }
  document.body.append(probe);
  const read = (name: string): string => colourOf.get(name)?.color ?? '';
  const colours: ChartColours = {
    series: [...SERIES, 'series-rest'].map(read),
    blocked: read('blocked'),
    blockedTint: read('blocked-tint'),
    text: read('text-2'),
    faint: read('text-3'),
    line: read('line'),
    surface: read('surface'),
    gap: read('gap'),
    load: read('load'),
    p50: read('series-1'),
    mono: getComputedStyle(probe).fontFamily,
  };
  probe.remove();
  return colours;
}
