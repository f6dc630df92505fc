/** Compares answers of the Prometheus API: which series, which points, how far the values are apart; and a checksum of each. */
import { createHash } from 'node:crypto'

export const tolerance = 1e-9

/** `Map<series, Map<time, value>>` of `data` of a query; a list (labels, series) is a map of its entries. */
function bySeries(data, { nameless = false } = {}) {
  if (Array.isArray(data)) return new Map(data.map((entry) => [keyOf(entry, false), new Map()]))
  const points = (series) => (series.values ?? [series.value]).map(([time, value]) => [time, Number(value)])
  return new Map(data.result.map((series) => [keyOf(series.metric, nameless), new Map(points(series))]))
}

function keyOf(labels, nameless) {
  if (typeof labels === 'string') return labels
  const pairs = Object.entries(labels).filter(([name]) => !nameless || name !== '__name__')
  return JSON.stringify(pairs.sort(([left], [right]) => (left < right ? -1 : 1)))
}

/** Whether some series has a metric's name. */
function hasNames(data) {
  return !Array.isArray(data) && data.result.some(({ metric }) => '__name__' in metric)
}

/** Series, points, their sum, and a hash over all of them with values to nine digits: equal hashes are equal answers. */
export function summarize(data) {
  const series = bySeries(data)
  const hash = createHash('sha256')
  let points = 0
  let sum = 0
  for (const key of [...series.keys()].sort()) {
    hash.update(key)
    for (const [time, value] of series.get(key)) {
      hash.update(`${time}=${Number.isFinite(value) ? value.toPrecision(9) : value};`)
      points++
      if (Number.isFinite(value)) sum += value
    }
  }
  return { series: series.size, points, sum, checksum: hash.digest('hex').slice(0, 12) }
}

/**
 * How `data` differs from `reference`: `{ equal, keepsNames, missingSeries, extraSeries, missingPoints, extraPoints, different, compared, worst }`;
 * `different` counts points further apart than the tolerance, `worst` is the largest relative distance. Names that only one
 * side has (VictoriaMetrics keeps them through some functions) are left out of the comparison, and noted when it is `data`.
 */
export function compareAnswers(reference, data) {
  const nameless = hasNames(data) !== hasNames(reference)
  const keepsNames = nameless && hasNames(data)
  const expected = bySeries(reference, { nameless })
  const found = bySeries(data, { nameless })
  const count = { missingSeries: 0, extraSeries: 0, missingPoints: 0, extraPoints: 0, different: 0, compared: 0, worst: 0 }
  for (const [key, points] of expected) {
    const others = found.get(key)
    if (others === undefined) count.missingSeries++
    else comparePoints(points, others, count)
  }
  for (const key of found.keys()) if (!expected.has(key)) count.extraSeries++
  const { missingSeries, extraSeries, missingPoints, extraPoints, different } = count
  return { equal: missingSeries + extraSeries + missingPoints + extraPoints + different === 0, keepsNames, ...count }
}

function comparePoints(expected, found, count) {
  for (const [time, value] of expected) {
    const other = found.get(time)
    if (other === undefined) {
      count.missingPoints++
      continue
    }
    count.compared++
    const distance = relativeDistance(value, other)
    if (distance > tolerance) count.different++
    count.worst = Math.max(count.worst, distance)
  }
  for (const time of found.keys()) if (!expected.has(time)) count.extraPoints++
}

/** 0 for equal values (NaN equals itself), infinite when only one of them is a finite number. */
function relativeDistance(left, right) {
  if (Object.is(left, right) || left === right) return 0
  if (!Number.isFinite(left) || !Number.isFinite(right)) return Infinity
  return Math.abs(left - right) / Math.max(Math.abs(left), Math.abs(right))
}
