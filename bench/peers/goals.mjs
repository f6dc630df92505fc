/** The goals of the metrics path, as ratios to peers of the same run or as plain figures, and what a report says about each. */
import { geometricMean, median } from './statistics.mjs'

/** Medians over the runs of a server: `field` of each. NaN when it did not run. */
export function medianOf(load, server, field) {
  return median((load?.runs ?? []).filter((run) => run.server === server).map((run) => run[field]))
}

/** Median over the passes. */
export function queryMedian(load, { server, query, field }) {
  const rows = (load?.queries ?? []).filter((row) => row.server === server && row.query === query && row.error === null)
  return median(rows.map((row) => row[field]))
}

function namesOfSet(load, set) {
  return [...new Set((load?.queries ?? []).filter((row) => row.set === set).map((row) => row.query))]
}

/** p50 (or another field) of each query of a set, ours over the peer's; infinite where ours did not answer. */
function ratiosOf(load, set, peer, field = 'p50Ms') {
  const failed = new Set(load?.queries.filter(({ server, error }) => server === 'bellwether' && error !== null).map(({ query }) => query))
  const of = (server, query) => (server === 'bellwether' && failed.has(query) ? Infinity : queryMedian(load, { server, query, field }))
  return namesOfSet(load, set).map((query) => ({ query, ratio: of('bellwether', query) / of(peer, query) }))
}

/** A query that a peer has no answer to has no ratio, and then the set has none. */
function meanRatio(load, set, peer, field) {
  const ratios = ratiosOf(load, set, peer, field).map(({ ratio }) => ratio)
  return ratios.length === 0 ? NaN : geometricMean(ratios)
}

function cpuGoal(work, load, [must, goal]) {
  return {
    work,
    measure: 'CPU s a million samples, all, × VictoriaMetrics',
    must,
    goal,
    valueOf: ({ loads }) => medianOf(loads[load], 'bellwether', 'allCpuSec') / medianOf(loads[load], 'vm', 'allCpuSec'),
    detailOf({ loads }) {
      const [ours, peer] = ['bellwether', 'vm'].map((server) => medianOf(loads[load], server, 'allCpuSec').toFixed(2))
      const rolled = medianOf(loads[load], 'bellwether', 'rolledShare')
      return `${ours} against ${peer}${rolled > 0.01 ? `; with ${(100 * rolled).toFixed(0)} % of the rollups` : ''}`
    },
  }
}

const lastMemory = (load, field) => load?.memory?.find(({ server }) => server === 'bellwether')?.[field] ?? NaN
const toGb = (mib) => (mib * 1024 * 1024) / 1e9

/** `{ work, measure, must, goal, valueOf(report), detailOf(report) }`; lower is better everywhere. */
export const goals = [
  cpuGoal('remote write, 10 k series', 'rw-10k', [1, 0.75]),
  cpuGoal('remote write, 100 k series', 'rw-100k', [1.2, 0.8]),
  cpuGoal('packed backfill, 60 samples a series', 'packed', [2.5, 1.6]),
  {
    work: 'packed backfill, and its rollups',
    measure: 'the same, until rollups are made',
    must: 2.5,
    goal: 1.6,
    valueOf: ({ loads: { packed } }) =>
      (medianOf(packed, 'bellwether', 'allCpuSec') + (packed?.later?.[0]?.cpuSec ?? NaN)) / medianOf(packed, 'vm', 'allCpuSec'),
    detailOf: ({ loads }) => `${loads.packed.later[0].cpuSec.toFixed(2)} more`,
  },
  cpuGoal('OTLP metrics', 'otlp-mixed', [0.9, 0.6]),
  {
    work: 'disk, mixed 24 h set',
    measure: 'bytes a sample that the data directory grew by',
    must: 1,
    goal: 0.8,
    valueOf: ({ loads }) => medianOf(loads.packed, 'bellwether', 'bytesPerSample'),
    detailOf: ({ loads }) => `VictoriaMetrics ${medianOf(loads.packed, 'vm', 'bytesPerSample').toFixed(2)}`,
  },
  {
    work: '1 h range queries',
    measure: 'p50, geometric mean, × Prometheus',
    must: 1.8,
    goal: 1,
    valueOf: ({ loads }) => meanRatio(loads.packed, '1h', 'prom'),
    detailOf: (report) => queryDetail(report, '1h', 'prom'),
  },
  {
    work: '1 h range queries, the worst',
    measure: 'p50 of one query, × VictoriaMetrics',
    must: 6,
    goal: 6,
    valueOf: ({ loads }) => highest(ratiosOf(loads.packed, '1h', 'vm').map(({ ratio }) => ratio)),
    detailOf: ({ loads }) => worstOf(ratiosOf(loads.packed, '1h', 'vm')),
  },
  {
    work: '24 h range queries from samples',
    measure: 'p50, geometric mean, × Prometheus',
    must: 1,
    goal: 0.6,
    valueOf: ({ loads }) => meanRatio(loads.packed, '24h raw', 'prom'),
    detailOf: (report) => queryDetail(report, '24h raw', 'prom'),
  },
  {
    work: '24 h range queries once rollups are made',
    measure: 'p50, geometric mean, × VictoriaMetrics',
    must: 3,
    goal: 1.5,
    valueOf: ({ loads }) => meanRatio(loads.packed, '24h', 'vm'),
    detailOf: (report) => queryDetail(report, '24h', 'vm'),
  },
  {
    work: 'one series, instant',
    measure: 'p50, ms',
    must: 12,
    goal: 2,
    valueOf: ({ loads }) => queryMedian(loads.packed, { server: 'bellwether', query: 'one-series', field: 'p50Ms' }),
    detailOf: () => '',
  },
  {
    work: 'memory after the 24 h set and its queries',
    measure: 'RSS of all processes, GB',
    must: 1.5,
    goal: 0.8,
    valueOf: ({ loads }) => toGb(lastMemory(loads.packed, 'rss')),
    detailOf: ({ loads }) => `PSS ${toGb(lastMemory(loads.packed, 'pss')).toFixed(2)}`,
  },
  {
    work: 'a million series: memory',
    measure: 'highest RSS of all processes, GB',
    must: 4,
    goal: 2,
    valueOf: ({ loads }) => toGb(Math.max(medianOf(loads.million, 'bellwether', 'peakRssMib'), lastMemory(loads.million, 'peak'))),
    detailOf: ({ loads }) => `at rest ${toGb(lastMemory(loads.million, 'rss')).toFixed(2)}`,
  },
  {
    work: 'a million series: the slowest query that selects 1,000',
    measure: 's',
    must: 5,
    goal: 5,
    valueOf({ loads }) {
      const rows = (loads.million?.queries ?? []).filter(({ server }) => server === 'bellwether')
      if (rows.some(({ error }) => error !== null)) return Infinity
      return rows.length === 0 ? NaN : Math.max(...rows.map(({ maxMs }) => maxMs)) / 1000
    },
    detailOf: () => '',
  },
]

/** NaN of none, and when one of them is. */
function highest(values) {
  return values.length === 0 ? NaN : Math.max(...values)
}

function worstOf(ratios) {
  const worst = ratios.toSorted((left, right) => right.ratio - left.ratio)[0]
  return worst === undefined ? '' : `worst ${worst.query} ${worst.ratio.toFixed(1)}`
}

/** The worst query, and the CPU of all processes, which says more than time on a busy machine. */
function queryDetail({ loads }, set, peer) {
  const cpu = meanRatio(loads.packed, set, peer, 'cpuMs')
  return `${worstOf(ratiosOf(loads.packed, set, peer))}; CPU × ${Number.isFinite(cpu) ? cpu.toFixed(2) : '–'}`
}

/** `goal` reached, `must` reached, `MISSED`, or `not measured`. */
export function verdictOf({ must, goal }, value) {
  if (Number.isNaN(value)) return 'not measured'
  return value <= goal ? 'goal' : value <= must ? 'must' : 'MISSED'
}
