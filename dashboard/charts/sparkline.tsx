/** Bars of a fixed count, oldest first; one pixel stands for nothing seen. */
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
  return (
    <svg
      class={tall ? 'spark tall-spark' : 'spark'}
      viewBox={`0 0 ${values.length * 4} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {values.map((value, index) => {
        const bar = value > 0 ? Math.max(2, (value / most) * height) : 1;
        return (
          <rect
            key={index}
            class={value > 0 ? 'bar' : 'bar none'}
            x={index * 4}
            y={height - bar}
            width={3}
            height={bar}
          />
        );
      })}
    </svg>
  );
}
