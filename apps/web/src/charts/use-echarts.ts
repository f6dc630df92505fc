/** Owns one ECharts instance: made when its box is on the page, resized with it, redrawn when the option changes, disposed. */
import type { EChartsCoreOption, EChartsType } from 'echarts/core'
import { useEffect, useRef, useState, type RefObject } from 'react'

export interface ChartHandle {
  readonly box: RefObject<HTMLDivElement | null>
  /** Null until the library has loaded. */
  readonly chart: EChartsType | null
  readonly failed: boolean
}

export function useEcharts(option: EChartsCoreOption): ChartHandle {
  const box = useRef<HTMLDivElement>(null)
  const [chart, setChart] = useState<EChartsType | null>(null)
  const [, setDrawn] = useState(0)
  const [failed, setFailed] = useState(false)
  const latest = useRef(option)
  useEffect(() => {
    latest.current = option
  }, [option])
  useEffect(() => {
    const element = box.current
    if (element === null) return undefined
    let disposed = false
    let made: EChartsType | null = null
    let observer: ResizeObserver | null = null
    import('./echarts.ts').then(
      ({ init }) => {
        if (disposed) return
        made = init(element, null, { renderer: 'canvas' })
        // Drawn before anyone may ask it for coordinates.
        made.setOption(latest.current, { notMerge: true, silent: true })
        // Whoever draws over the chart does so again when its geometry may have changed.
        made.on('finished', () => setDrawn((count) => count + 1))
        observer = new ResizeObserver(() => made?.resize())
        observer.observe(element)
        setChart(made)
      },
      () => setFailed(true),
    )
    return () => {
      disposed = true
      observer?.disconnect()
      made?.dispose()
      setChart(null)
    }
  }, [])
  useEffect(() => {
    if (chart === null || chart.isDisposed()) return
    chart.setOption(option, { notMerge: true, silent: true })
  }, [chart, option])
  return { box, chart, failed }
}
