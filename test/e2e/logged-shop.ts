/** Logs of a small shop over OTLP: half an hour of orders, and a release at the end of it that fails. */
import type { RunningBellwether } from '../support/bellwether.ts'

export interface ShopRow {
  readonly timeMs: number
  /** OpenTelemetry's 1 to 24. */
  readonly severity: number
  readonly body: string
  readonly service: string
  readonly release: string
  readonly attributes: Readonly<Record<string, string>>
  readonly traceId?: string
  readonly spanId?: string
}

export const failedTrace = '4bf92f3577b34da6a3ce929d0e0e4736'
export const failedSpan = '00f067aa0ba902b7'
/** Orders before the release, and failures after it. */
export const orders = 300
export const failures = 30

/** Oldest first; the failures are of the last three minutes before `nowMs`. */
export function shopRows(nowMs: number): ShopRow[] {
  const rows: ShopRow[] = []
  for (let i = 0; i < orders; i += 1) {
    rows.push({
      timeMs: nowMs - (orders - i) * 6000,
      severity: i % 10 === 0 ? 13 : 9,
      body: i % 10 === 0 ? `slow query took ${800 + i} ms` : `order ${4000 + i} placed by customer ${i % 17}`,
      service: i % 3 === 0 ? 'cart' : 'checkout',
      release: '1.4.1',
      attributes: { 'http.route': i % 2 === 0 ? '/orders/:id' : '/cart', 'user name': `u ${i % 5}` },
    })
  }
  for (let i = 0; i < failures; i += 1) {
    rows.push({
      timeMs: nowMs - (failures - i) * 6000 + 1,
      severity: 17,
      body: `payment of order ${5000 + i} refused: connection reset`,
      service: 'checkout',
      release: '1.4.2',
      attributes: {
        'http.route': '/orders/:id',
        'exception.type': 'ResetError',
        'exception.stacktrace': 'ResetError: reset\n    at pay (pay.js:7:3)',
      },
      ...(i === failures - 1 ? { traceId: failedTrace, spanId: failedSpan } : {}),
    })
  }
  return rows.sort((a, b) => a.timeMs - b.timeMs)
}

function pairs(values: Readonly<Record<string, string>>): { key: string; value: { stringValue: string } }[] {
  return Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }))
}

/** The status of the answer. */
export async function sendRows(program: RunningBellwether, rows: readonly ShopRow[]): Promise<number> {
  const places = grouped(rows)
  const resourceLogs = [...places.values()].map((own) => ({
    resource: {
      attributes: pairs({
        'service.name': own[0]?.service ?? '',
        'service.version': own[0]?.release ?? '',
        'host.name': 'web-1',
        'deployment.environment.name': 'production',
      }),
    },
    scopeLogs: [
      {
        scope: { name: 'shop' },
        logRecords: own.map((row) => ({
          timeUnixNano: `${row.timeMs}000000`,
          severityNumber: row.severity,
          body: { stringValue: row.body },
          attributes: pairs(row.attributes),
          ...(row.traceId === undefined ? {} : { traceId: row.traceId }),
          ...(row.spanId === undefined ? {} : { spanId: row.spanId }),
        })),
      },
    ],
  }))
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${program.ingestKey}` }
  const response = await fetch(new URL('/v1/logs', program.url), { method: 'POST', headers, body: JSON.stringify({ resourceLogs }) })
  await response.arrayBuffer()
  return response.status
}

function placeOf({ service, release }: ShopRow): string {
  return `${service} ${release}`
}

function grouped(rows: readonly ShopRow[]): Map<string, ShopRow[]> {
  const places = new Map<string, ShopRow[]>()
  for (const row of rows) places.set(placeOf(row), [...(places.get(placeOf(row)) ?? []), row])
  return places
}
