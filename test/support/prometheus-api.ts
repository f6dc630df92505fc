/** Asks the Prometheus HTTP API, of Prometheus or of Bellwether, and makes two answers comparable. */

export interface ApiSeries {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: readonly [number, string]
  readonly values?: readonly (readonly [number, string])[]
}

export interface ApiAnswer {
  readonly status: string
  readonly errorType?: string
  readonly error?: string
  readonly data?: { readonly resultType: string; readonly result: readonly ApiSeries[] | readonly [number, string] }
}

export type Ask = (path: string, parameters: Readonly<Record<string, string>>) => Promise<ApiAnswer>

/** Asks by POST, so that long queries fit. */
export function asker(url: string, token: string | null = null): Ask {
  return async (path, parameters) => {
    const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' }
    if (token !== null) headers['authorization'] = `Bearer ${token}`
    const response = await fetch(new URL(path, url), { method: 'POST', headers, body: new URLSearchParams(parameters).toString() })
    return (await response.json()) as ApiAnswer
  }
}

/** Label sets as text, then points, in an order of its own; scalars and strings as one point. */
export type Comparable = ReadonlyMap<string, readonly (readonly [timeSec: number, value: string])[]>

export function comparable(answer: ApiAnswer): Comparable {
  const { data } = answer
  if (data === undefined) return new Map([[`error ${answer.errorType}`, []]])
  if (data.resultType === 'scalar' || data.resultType === 'string') return new Map([[data.resultType, [data.result as [number, string]]]])
  const all = new Map<string, readonly (readonly [number, string])[]>()
  for (const series of data.result as readonly ApiSeries[]) {
    const labels = Object.entries(series.metric).toSorted(([a], [b]) => (a < b ? -1 : 1))
    all.set(JSON.stringify(labels), series.values ?? (series.value === undefined ? [] : [series.value]))
  }
  return all
}

/** Sums are added up in a different order by different engines; the last digits may differ. */
const tolerance = 1e-9

function sameNumber(a: string, b: string): boolean {
  if (a === b) return true
  const x = Number(a)
  const y = Number(b)
  return Math.abs(x - y) <= tolerance * Math.max(Math.abs(x), Math.abs(y))
}

/** The first few differences between what was wanted and what was got; empty when they agree. */
export function differences(wanted: Comparable, got: Comparable): string[] {
  const found: string[] = []
  for (const key of wanted.keys()) if (!got.has(key)) found.push(`missing ${key}`)
  for (const [key, points] of got) {
    const expected = wanted.get(key)
    if (expected === undefined) found.push(`unexpected ${key}`)
    else if (expected.length !== points.length) found.push(`${key}: ${expected.length} points wanted, ${points.length} got`)
    else {
      const index = expected.findIndex(([time, value], at) => points[at]?.[0] !== time || !sameNumber(value, points[at][1]))
      if (index >= 0) found.push(`${key}: wanted ${JSON.stringify(expected[index])}, got ${JSON.stringify(points[index])}`)
    }
  }
  return found.slice(0, 5)
}
