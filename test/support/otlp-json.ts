/** Sends gauges as OTLP/JSON, one request for many points. */

export interface GaugePoint {
  readonly attributes: Readonly<Record<string, string>>
  readonly timeMs: number
  readonly value: number
}

/** The status of the answer, or 0 when there was none. */
export async function sendGauges(target: { url: string; ingestKey: string }, name: string, points: readonly GaugePoint[]): Promise<number> {
  const dataPoints = points.map(({ attributes, timeMs, value }) => ({
    attributes: Object.entries(attributes).map(([key, text]) => ({ key, value: { stringValue: text } })),
    timeUnixNano: `${timeMs}000000`,
    asDouble: value,
  }))
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'test' } }] }
  const body = JSON.stringify({
    resourceMetrics: [{ resource, scopeMetrics: [{ scope: {}, metrics: [{ name, gauge: { dataPoints } }] }] }],
  })
  try {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${target.ingestKey}` }
    const response = await fetch(new URL('/v1/metrics', target.url), { method: 'POST', headers, body })
    await response.arrayBuffer()
    return response.status
  } catch {
    return 0
  }
}
