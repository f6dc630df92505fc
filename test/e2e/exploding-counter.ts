/** A sender of OTLP over HTTP whose counter has a label with a value a user. */

export interface Shop {
  readonly url: string
  readonly ingestKey: string
}

/** Cumulative counts of orders by user and region, as an SDK that started `startedMs` ago sends them. Gives the answer's status. */
export async function sendOrders(shop: Shop, users: number, orders: number, startedMs: number, firstUser = 0): Promise<number> {
  const nowMs = Date.now()
  const text = (key: string, stringValue: string) => ({ key, value: { stringValue } })
  const dataPoints = Array.from({ length: users }, (_, i) => i + firstUser).map((user) => ({
    attributes: [text('user', `user-${user}`), text('region', user % 2 === 0 ? 'north' : 'south')],
    startTimeUnixNano: `${nowMs - startedMs}000000`,
    timeUnixNano: `${nowMs}000000`,
    asDouble: orders,
  }))
  const sum = { aggregationTemporality: 2, isMonotonic: true, dataPoints }
  const resource = { attributes: [text('service.name', 'shop')] }
  const body = JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ scope: {}, metrics: [{ name: 'orders', sum }] }] }] })
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${shop.ingestKey}` }
  const response = await fetch(new URL('/v1/metrics', shop.url), { method: 'POST', headers, body })
  await response.arrayBuffer()
  return response.status
}
