/** `1.043 (1.031 to 1.058)`: the median and its quartiles. */
export function ratioText({ q1, median, q3 }) {
  return `${median.toFixed(3)} (${q1.toFixed(3)} to ${q3.toFixed(3)})`;
}
