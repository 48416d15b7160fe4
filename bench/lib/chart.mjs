/** A line chart as SVG: small, without a script or a font of its own, in the reader's light or dark. */

const WIDTH = 640;
const HEIGHT = 320;
const MARGIN = { top: 44, right: 24, bottom: 52, left: 64 };
const COLORS = ['#2563eb', '#d97706', '#059669', '#9333ea'];

const STYLE = `text{font:13px system-ui,sans-serif;fill:#1f2937}.title{font-weight:600;font-size:15px}.grid{stroke:#d1d5db}.axis{stroke:#6b7280}
@media(prefers-color-scheme:dark){text{fill:#e5e7eb}.grid{stroke:#374151}.axis{stroke:#9ca3af}}`;

/**
 * @param {{ title: string, x: string, y: string, lines: { name: string, points: { x: number, y: number, low?: number,
 *   high?: number }[] }[] }} chart `low` and `high` are drawn as a whisker
 */
export function lineChart({ title, x, y, lines }) {
  const points = lines.flatMap((line) => line.points);
  const xScale = scale(
    points.map((point) => point.x),
    [MARGIN.left, WIDTH - MARGIN.right],
  );
  const yScale = scale(
    points.flatMap((point) => [point.y, point.low ?? point.y, point.high ?? point.y]),
    [HEIGHT - MARGIN.bottom, MARGIN.top],
  );
  const parts = [
    ...yScale.ticks.map((tick) => grid(tick, yScale.at(tick))),
    ...xScale.ticks.map((tick) => text(xScale.at(tick), HEIGHT - MARGIN.bottom + 20, number(tick), 'middle')),
    `<path class="axis" d="M${MARGIN.left} ${yScale.at(0)}H${WIDTH - MARGIN.right}"/>`,
    text(WIDTH / 2, 20, title, 'middle', 'title'),
    text(WIDTH / 2, HEIGHT - 10, x, 'middle'),
    `<text transform="translate(16 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escaped(y)}</text>`,
    ...lines.flatMap((line, at) => drawn(line, COLORS[at % COLORS.length], xScale, yScale)),
    ...lines.map((line, at) => legend(line.name, COLORS[at % COLORS.length], at)),
  ];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">` +
    `<title>${escaped(`${title}: ${y} by ${x}`)}</title>\n<style>${STYLE}</style>\n${parts.join('\n')}\n</svg>\n`
  );
}

function drawn({ points }, color, xScale, yScale) {
  const at = ({ x, y }) => `${round(xScale.at(x))} ${round(yScale.at(y))}`;
  const path = points.map((point, i) => `${i === 0 ? 'M' : 'L'}${at(point)}`).join('');
  const whiskers = points
    .filter(({ low, high }) => low !== undefined && high !== undefined)
    .map(({ x, low, high }) => `M${round(xScale.at(x))} ${round(yScale.at(low))}V${round(yScale.at(high))}`);
  return [
    `<path fill="none" stroke="${color}" stroke-width="2" d="${path}"/>`,
    `<path stroke="${color}" stroke-width="1" d="${whiskers.join('')}"/>`,
    ...points.map(
      (point) => `<circle cx="${round(xScale.at(point.x))}" cy="${round(yScale.at(point.y))}" r="3" fill="${color}"/>`,
    ),
  ];
}

function legend(name, color, at) {
  const left = MARGIN.left + 12 + at * 150;
  return `<circle cx="${left}" cy="34" r="4" fill="${color}"/>${text(left + 9, 38, name, 'start')}`;
}

function grid(tick, top) {
  const line = `<path class="grid" d="M${MARGIN.left} ${round(top)}H${WIDTH - MARGIN.right}"/>`;
  return line + text(MARGIN.left - 8, top + 4, number(tick), 'end');
}

function text(x, y, content, anchor, className = '') {
  const named = className === '' ? '' : ` class="${className}"`;
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${named}>${escaped(content)}</text>`;
}

/** A linear scale that has 0 in it and ends on round numbers. */
function scale(values, [from, to]) {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const step = roundStep((high - low || 1) / 5);
  const first = Math.floor(low / step);
  const last = Math.max(first + 1, Math.ceil(high / step));
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  const [start, end] = [first * step, last * step];
  return { ticks, at: (value) => from + ((value - start) / (end - start)) * (to - from) };
}

/** 1, 2 or 5 times a power of ten, at least `step`. */
function roundStep(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return ([1, 2, 5].find((factor) => factor * power >= step) ?? 10) * power;
}

function number(value) {
  return Number(value.toPrecision(6)).toLocaleString('en');
}

function round(value) {
  return Math.round(value * 10) / 10;
}

function escaped(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
