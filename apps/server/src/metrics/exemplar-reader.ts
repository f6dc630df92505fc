/** Exemplars of series, from the engine: values that were measured, with the trace that each was part of. */
import type { ClickHouse } from '../engines/index.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Hidden } from './life/hidden.ts'
import { exemplarSeriesMax, exemplarsReadMax } from './limits.ts'
import type { Exemplar, Labels, Matcher } from './model.ts'
import type { MetricsCatalog } from './ports.ts'
import { nameLabel } from './series/labels.ts'
import { metricHashOf, seriesIdOf } from './series/series-id.ts'

export interface ExemplarsRequest {
  readonly matchers: readonly Matcher[]
  /** Both ends inclusive. */
  readonly fromMs: number
  readonly toMs: number
}

export interface SeriesExemplars {
  readonly labels: Labels
  /** By time. */
  readonly exemplars: readonly Omit<Exemplar, 'seriesRef'>[]
}

export interface ExemplarReaderDeps {
  readonly engine: Pick<ClickHouse, 'queryNative'>
  readonly catalog: Pick<MetricsCatalog, 'allSeries'>
  readonly hidden: Pick<Hidden, 'oldestShownMs'>
}

const hourMs = 3_600_000
const two32 = 0x1_0000_0000

export class ExemplarReader {
  readonly #deps: ExemplarReaderDeps

  constructor(deps: ExemplarReaderDeps) {
    this.#deps = deps
  }

  /** Series with an exemplar in the range; at most 1,000 series and 10,000 exemplars. Errors: those of `allSeries`, the engine's. */
  async read(scope: Scope, { matchers, fromMs, toMs }: ExemplarsRequest, signal: AbortSignal): Promise<SeriesExemplars[]> {
    const series = await this.#deps.catalog.allSeries(scope, { matchers: [matchers], fromMs, toMs, limit: exemplarSeriesMax }, signal)
    if (series.length === 0) return []
    const byId = new Map<string, { readonly labels: Labels; readonly exemplars: Omit<Exemplar, 'seriesRef'>[] }>()
    const metrics = new Set<number>()
    const halves = { low: 0, high: 0 }
    for (const labels of series) {
      metrics.add(metricHashOf(labels.find(([name]) => name === nameLabel)?.[1] ?? ''))
      const one = { labels, exemplars: [] }
      for (const projectId of scope.projectIds) {
        seriesIdOf({ organizationId: scope.organizationId, projectId }, labels, halves)
        byId.set(idText(halves.low, halves.high), one)
      }
    }
    const oldestMs = scope.projectIds.map((projectId) =>
      this.#deps.hidden.oldestShownMs({ organizationId: scope.organizationId, projectId }),
    )
    const sinceMs = Math.max(fromMs, ...oldestMs)
    const sql = `SELECT series, ts, value, trace_id, span_id, labels FROM exemplars
      WHERE org = ${scope.organizationId} AND project IN (${scope.projectIds.join(', ')}) AND metric IN (${[...metrics].join(', ')})
        AND hour BETWEEN ${Math.floor(sinceMs / hourMs)} AND ${Math.floor(toMs / hourMs)} AND ts BETWEEN ${Math.ceil(sinceMs)} AND ${Math.floor(toMs)}
        AND series IN (${[...byId.keys()].join(', ')})
      ORDER BY ts DESC LIMIT ${exemplarsReadMax}`
    for await (const block of this.#deps.engine.queryNative({ sql, class: 'interactive', signal })) {
      const [ids, ts, value, trace, span, maps] = block.columns
      if (ids?.kind !== 'w64' || ts?.kind !== 'w64' || value?.kind !== 'f64') throw new Error('unexpected columns of exemplars')
      if (trace?.kind !== 'string' || span?.kind !== 'string' || maps?.kind !== 'map') throw new Error('unexpected columns of exemplars')
      if (maps.keys.kind !== 'string' || maps.values.kind !== 'string') throw new Error('unexpected columns of exemplars')
      const [names, texts] = [maps.keys.data, maps.values.data]
      for (let row = 0; row < block.rows; row++) {
        const [first, last] = [row === 0 ? 0 : (maps.offsets[row - 1] ?? 0), maps.offsets[row] ?? 0]
        byId.get(idText(ids.data[row * 2] ?? 0, ids.data[row * 2 + 1] ?? 0))?.exemplars.unshift({
          timeMs: (ts.data[row * 2 + 1] ?? 0) * two32 + (ts.data[row * 2] ?? 0),
          value: value.data[row] ?? 0,
          labels: names.slice(first, last).map((name, i) => [name, texts[first + i] ?? ''] as const),
          traceId: trace.data[row] ?? '',
          spanId: span.data[row] ?? '',
        })
      }
    }
    return [...new Set(byId.values())].filter(({ exemplars }) => exemplars.length > 0)
  }
}

function idText(low: number, high: number): string {
  return `0x${high.toString(16)}${low.toString(16).padStart(8, '0')}`
}
