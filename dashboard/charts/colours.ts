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

/** A custom property may hold `light-dark(…)`; only a real property of a real element resolves it. */
export function readColours(): ChartColours {
  const probe = document.createElement('i');
  probe.hidden = true;
  document.body.append(probe);
  const read = (name: string): string => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colours: ChartColours = {
    series: [...Array.from({ length: SLOTS }, (_, slot) => read(`--series-${slot + 1}`)), read('--series-rest')],
    blocked: read('--blocked'),
    blockedTint: read('--blocked-tint'),
    text: read('--text-2'),
    faint: read('--text-3'),
    line: read('--line'),
    surface: read('--surface'),
    gap: read('--gap'),
    load: read('--load'),
    p50: read('--series-1'),
    mono: getComputedStyle(probe).fontFamily,
  };
  probe.remove();
  return colours;
}
