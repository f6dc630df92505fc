/** Events by interval as small bars: a trend of counts, where a line would invent what lies between. */

const heightPx = 24
const barPx = 5

export function SparkBars({ values, label }: { readonly values: readonly number[]; readonly label: string }) {
  const most = Math.max(1, ...values)
  return (
    <svg
      className="bw-problem-spark"
      viewBox={`0 0 ${Math.max(1, values.length) * barPx} ${heightPx}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {values.map((value, index) => {
        const height = value === 0 ? 1 : Math.max(2, (value / most) * heightPx)
        return (
          <rect
            // Intervals have no other name than their place.
            // eslint-disable-next-line react/no-array-index-key
            key={index}
            x={index * barPx}
            y={heightPx - height}
            width={barPx - 1}
            height={height}
            opacity={value === 0 ? 0.35 : 1}
            fill="currentColor"
          />
        )
      })}
    </svg>
  )
}
