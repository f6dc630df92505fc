/** A trend without axes, drawn as SVG so that a page of numbers needs no chart library. */
import { sparkPath } from './spark-path.ts'

export interface SparklineProps {
  readonly values: Float64Array
  /** Lower end of the scale; null takes the smallest value. */
  readonly floor?: number | null
}

const widthPx = 120
const heightPx = 28

export function Sparkline({ values, floor = 0 }: SparklineProps) {
  const path = sparkPath(values, { widthPx, heightPx, floor })
  if (path === '') return <svg className="bw-spark" viewBox={`0 0 ${widthPx} ${heightPx}`} aria-hidden="true" />
  return (
    <svg className="bw-spark" viewBox={`0 0 ${widthPx} ${heightPx}`} preserveAspectRatio="none" aria-hidden="true">
      <path d={path} fill="none" stroke="currentColor" strokeWidth="1.4" vectorEffect="non-scaling-stroke" strokeLinejoin="round" />
    </svg>
  )
}
