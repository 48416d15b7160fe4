/** Bars of a fixed count, oldest first; one pixel stands for nothing seen. Two paths, so that a list of them is cheap. */
export function Sparkline({
  values,
  label,
  tall = false,
}: {
  readonly values: readonly number[];
  readonly label: string;
  readonly tall?: boolean;
}) {
  const height = tall ? 64 : 22;
  const most = Math.max(1, ...values);
  const bars = (some: boolean): string =>
    values
      .map((value, index) => {
        if (value > 0 !== some) return '';
        const bar = some ? Math.max(2, (value / most) * height) : 1;
        return `M${index * 4} ${height}h3v${-bar.toFixed(1)}h-3z`;
      })
      .join('');
  return (
    <svg
      class={tall ? 'spark tall-spark' : 'spark'}
      viewBox={`0 0 ${values.length * 4} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path class="none" d={bars(false)} />
      <path class="bar" d={bars(true)} />
    </svg>
  );
}
