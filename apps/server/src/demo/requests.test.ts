/** The single requests of the demo: whole trees, the same in every run, slow in the one statement while the faulty version runs. */
import { expect, test } from 'vitest'
import { dayMs, incidentOf, minuteMs, versionAt } from './calendar.ts'
import { logsBody, traceId, tracesBody } from './events-body.ts'
import { requestsOf, type DemoTrace } from './requests.ts'

const { deployedMs, rolledBackMs } = incidentOf(Math.floor(Date.UTC(2026, 9, 14) / dayMs))
const calm = requestsOf({ fromMs: deployedMs - 30 * minuteMs, stepMs: minuteMs, count: 200 })
const bad = requestsOf({ fromMs: rolledBackMs - 2 * minuteMs, stepMs: minuteMs, count: 200 })

function stockMs(traces: readonly DemoTrace[]): number {
  const all = traces.flatMap(({ spans }) => spans.filter(({ name }) => name === 'SELECT product_stock').map(({ durationMs }) => durationMs))
  return all.reduce((sum, ms) => sum + ms, 0) / all.length
}

test('spans lie within their parents, and every trace has one root', () => {
  for (const { spans } of [...calm, ...bad]) {
    expect(spans.filter(({ parent }) => parent < 0)).toHaveLength(1)
    for (const { parent, startMs, durationMs } of spans) {
      const above = spans[parent]
      if (above === undefined) continue
      expect(startMs).toBeGreaterThanOrEqual(above.startMs)
      expect(startMs + durationMs).toBeLessThanOrEqual(above.startMs + above.durationMs + 1e-6)
    }
  }
})

test('the faulty version makes one statement slow, and orders fail', () => {
  expect(stockMs(bad)).toBeGreaterThan(50 * stockMs(calm))
  const failed = (traces: readonly DemoTrace[]): number =>
    traces.filter(({ logs }) => logs.some(({ failure }) => failure?.type === 'PoolTimeoutError')).length
  expect(failed(calm)).toBe(0)
  expect(failed(bad)).toBeGreaterThan(2)
  const version = versionAt({ service: 'catalog', place: 2 }, rolledBackMs - minuteMs)
  expect(version).toMatch(/\.1$/)
  expect(Buffer.from(tracesBody(bad).bytes).includes(version)).toBe(true)
  expect(Buffer.from(tracesBody(calm).bytes).includes(version)).toBe(false)
})

test('asked again, the same; and ids of different requests differ', () => {
  const again = requestsOf({ fromMs: rolledBackMs - 2 * minuteMs, stepMs: minuteMs, count: 200 })
  expect(tracesBody(again)).toEqual(tracesBody(bad))
  expect(logsBody(again)).toEqual(logsBody(bad))
  const ids = new Set([...calm, ...bad].map((trace) => Buffer.from(traceId(trace)).toString('hex')))
  expect(ids.size).toBe(400)
})
