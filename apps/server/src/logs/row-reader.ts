/** Whole rows from the engine, as they are shown. */
import type { ClickHouse, NativeBlock } from '../engines/index.ts'
import type { Scope } from '../kernel/scope.ts'
import { mapAt, mapsIn, numbersIn, textsIn, wideIn, preciseTime } from '../signals/index.ts'
import type { LogRow } from './ports.ts'
import type { ResourceNames } from './resource-names.ts'
import { hashText, rowId } from './row-id.ts'
import { logsTable } from './tables.ts'

const columns = `ts, batch, row, severity, service, host, environment, release, scope, source, lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span,
  body, pattern, problem, weight, scrubbed, resource, attributes`

/**
 * Columns of rows that are not answered in the end are not read; what the index of words says of rows is taken as it is. Both stop working
 * when the engine filters by the best times seen so far, which it would do here.
 */
const settings = 'query_plan_max_limit_for_lazy_materialization = 2000, use_top_k_dynamic_filtering = 0'

export interface RowsWanted {
  /** A condition on the table's columns, the tenant's among them. */
  readonly where: string
  readonly order: 'newest' | 'oldest'
  readonly limit: number
}

export class RowReader {
  readonly #engine: ClickHouse
  readonly #resources: ResourceNames

  constructor(engine: ClickHouse, resources: ResourceNames) {
    this.#engine = engine
    this.#resources = resources
  }

  /** Rows in that order. Errors: the engine's. */
  async read(scope: Scope, { where, order, limit }: RowsWanted, signal: AbortSignal): Promise<LogRow[]> {
    const direction = order === 'newest' ? 'DESC' : 'ASC'
    const sql = `SELECT ${columns} FROM ${logsTable} WHERE ${where} ORDER BY ts ${direction}, batch ${direction}, row ${direction} LIMIT ${limit} SETTINGS ${settings}`
    const blocks: NativeBlock[] = []
    const fingerprints = new Set<string>()
    for await (const block of this.#engine.queryNative({ sql, class: 'interactive', signal })) {
      blocks.push(block)
      const ids = wideIn(block, 'resource')
      for (let row = 0; row < block.rows; row++) fingerprints.add(hashText(ids[row * 2] ?? 0, ids[row * 2 + 1] ?? 0))
    }
    const resources = await this.#resources.of(scope, fingerprints, signal)
    return blocks.flatMap((block) => rowsIn(block, (fingerprint) => resources.get(fingerprint) ?? {}))
  }
}

const noTrace = '0'.repeat(32)
const noSpan = '0'.repeat(16)

function rowsIn(block: NativeBlock, resourceOf: (fingerprint: string) => Record<string, string>): LogRow[] {
  const word = (name: string): readonly string[] => textsIn(block, name)
  const [service, host, environment, release, scope] = [word('service'), word('host'), word('environment'), word('release'), word('scope')]
  const [source, body, traces, spans] = [word('source'), word('body'), word('trace'), word('span')]
  const [ts, pattern, problem, resource] = ['ts', 'pattern', 'problem', 'resource'].map((name) => wideIn(block, name))
  const hash = (wide: Uint32Array | undefined, row: number): string => hashText(wide?.[row * 2] ?? 0, wide?.[row * 2 + 1] ?? 0)
  const [batch, number, severity] = [numbersIn(block, 'batch'), numbersIn(block, 'row'), numbersIn(block, 'severity')]
  const [weight, scrubbed] = [numbersIn(block, 'weight'), numbersIn(block, 'scrubbed')]
  const attributes = mapsIn(block, 'attributes')
  return Array.from({ length: block.rows }, (_, row): LogRow => {
    const [low, high] = [ts?.[row * 2] ?? 0, ts?.[row * 2 + 1] ?? 0]
    const [trace, span] = [traces[row] ?? '', spans[row] ?? '']
    return {
      id: rowId({ low, high, batch: batch[row] ?? 0, row: number[row] ?? 0 }),
      timestamp: preciseTime(low, high),
      severity: severity[row] ?? 0,
      service: service[row] ?? '',
      host: host[row] ?? '',
      environment: environment[row] ?? '',
      release: release[row] ?? '',
      scope: scope[row] ?? '',
      source: source[row] ?? '',
      body: body[row] ?? '',
      attributes: mapAt(attributes, row),
      resource: resourceOf(hash(resource, row)),
      traceId: trace === noTrace ? '' : trace,
      spanId: span === noSpan ? '' : span,
      pattern: hash(pattern, row),
      problem: hash(problem, row),
      weight: weight[row] ?? 1,
      isScrubbed: (scrubbed[row] ?? 0) !== 0,
    }
  })
}
