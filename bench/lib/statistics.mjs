/** The value below which the share `q` (0 to 1) of the values lies, interpolated between neighbours (Hyndman and Fan 7). */
function quantile(values, q) {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}

export function median(values) {
  return quantile(values, 0.5);
}

/** The value that a tenth of the values lie below: of times on a shared machine, one that nothing else disturbed. */
export function tenth(values) {
  return quantile(values, 0.1);
}

/** `{ q1, median, q3 }` */
export function quartiles(values) {
  return { q1: quantile(values, 0.25), median: median(values), q3: quantile(values, 0.75) };
}

/** The median of the slopes between every two points (Theil and Sen): one wild point does not turn it. */
export function slope(points) {
  const slopes = points.flatMap(({ x, y }, at) =>
    points
      .slice(at + 1)
      .filter((other) => other.x !== x)
      .map((other) => (other.y - y) / (other.x - x)),
  );
  return median(slopes);
}
