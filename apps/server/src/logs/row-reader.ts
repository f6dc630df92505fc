/** Whole rows from the engine, as they are shown. */
import type { ClickHouse, NativeBlock } from '../engines/index.ts'
import type { Scope } from '../kernel/scope.ts'
import { mapAt, mapsIn, numbersIn, preciseTime, textsIn, unlessTooMuch, wideIn } from '../signals/index.ts'
import { pageBytesMax, shownTextBytesMax } from './limits.ts'
import type { LogRow } from './ports.ts'
import type { ResourceNames } from './resource-names.ts'
import { hashText, rowId } from './row-id.ts'
import { logsTable } from './tables.ts'

const columns = `ts, batch, row, severity, service, host, environment, release, scope, source, lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span,
  body, pattern, problem, weight, scrubbed, resource, attributes`

/** Of a row beside its texts, as it is answered. */
const rowBytes = 600
const cutSql = (text: string): string =>
  `if(length(${text}) > ${shownTextBytesMax}, concat(substring(${text}, 1, ${shownTextBytesMax}), '…'), ${text})`
const isCutSql = `length(body) > ${shownTextBytesMax} OR arrayExists(value -> length(value) > ${shownTextBytesMax}, mapValues(attributes))`
/** For pages of large rows: very long texts are cut in the engine, and what would not fit the page stays there. */
const shownColumns = `* REPLACE (${cutSql('body')} AS body, mapApply((name, value) -> (name, ${cutSql('value')}), attributes) AS attributes)`
const sizeSql = `toUInt64(${rowBytes} + length(body) + arraySum(arrayMap(text -> length(text), arrayConcat(mapKeys(attributes), mapValues(attributes)))))`

/**
 * Columns of rows that are not answered in the end are not read; what the index of words says of rows is taken as it is. Both stop working
 * when the engine filters by the best times seen so far, which it would do here. Of every column little is read: buffers of 64 KiB in place of
 * a megabyte each save a tenth of the processor time of a page.
 */
const settings =
  'query_plan_max_limit_for_lazy_materialization = 2000, use_top_k_dynamic_filtering = 0, max_read_buffer_size = 65536, max_read_buffer_size_local_fs = 65536'

export interface RowsWanted {
  /** A condition on the table's columns, the tenant's among them. */
  readonly where: string
  readonly order: 'newest' | 'oldest'
}

/** Up to so many bytes (as the engine has them in memory) are answered as they are: no page of them is cut by its size. */
const plainBytesMax = pageBytesMax / 2

/** Rows of a page until it is full: by number, or by bytes. */
export class RowPage {
  readonly items: LogRow[] = []
  readonly #rowsMax: number
  readonly #bytesMax: number
  #bytes = 0
  #isCutBySize = false

  constructor(rowsMax: number, bytesMax: number) {
    this.#rowsMax = rowsMax
    this.#bytesMax = bytesMax
  }

  get isFull(): boolean {
    return this.#isCutBySize || this.items.length >= this.#rowsMax
  }

  get rowsLeft(): number {
    return this.#rowsMax - this.items.length
  }

  get bytesLeft(): number {
    return this.#bytesMax - this.#bytes
  }

  add(row: LogRow, sizeBytes: number): void {
    if (this.isFull) return
    this.#isCutBySize = this.#bytes + sizeBytes > this.#bytesMax
    // The first is there however large it is: a page without any would go nowhere.
    if (this.#isCutBySize && this.items.length > 0) return
    this.#bytes += sizeBytes
    this.items.push(row)
  }
}

export class RowReader {
  readonly #engine: ClickHouse
  readonly #resources: ResourceNames

  constructor(engine: ClickHouse, resources: ResourceNames) {
    this.#engine = engine
    this.#resources = resources
  }

  /** One row with all it has. Errors: the engine's. */
  async one(scope: Scope, where: string, signal: AbortSignal): Promise<LogRow | undefined> {
    const [found] = await this.#read(scope, `SELECT ${columns}, toUInt8(0) AS cut FROM ${logsTable} WHERE ${where} LIMIT 1`, signal)
    return found?.row
  }

  /** The next rows in that order into the page, as lists show them. Errors: the engine's. */
  // oxlint-disable-next-line max-params -- where to, whose, which, and until when
  async fill(page: RowPage, scope: Scope, { where, order }: RowsWanted, signal: AbortSignal): Promise<void> {
    const direction = order === 'newest' ? 'DESC' : 'ASC'
    const by = `ORDER BY ts ${direction}, batch ${direction}, row ${direction}`
    const rows = `FROM ${logsTable} WHERE ${where} ${by} LIMIT ${page.rowsLeft}`
    // Adding up sizes in the engine costs as much again as the rows do: only where there is much to leave there.
    const plain = `SELECT ${columns}, toUInt8(0) AS cut ${rows} SETTINGS ${settings}, max_result_bytes = ${plainBytesMax}`
    const whole = await unlessTooMuch(this.#read(scope, plain, signal))
    const found = whole?.map(shortened) ?? (await this.#read(scope, careful(rows, by, page), signal))
    for (const { row, sizeBytes } of found) page.add(row, sizeBytes)
  }

  async #read(scope: Scope, sql: string, signal: AbortSignal): Promise<SizedRow[]> {
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

/** The same rows with very long texts cut, up to the one that is too much for the page, which tells that there is one. */
function careful(rows: string, by: string, page: RowPage): string {
  const sized = `SELECT *, ${sizeSql} AS size FROM (SELECT ${shownColumns} FROM (SELECT *, toUInt8(${isCutSql}) AS cut FROM (SELECT ${columns} ${rows})))`
  const summed = `SELECT *, sum(size) OVER (${by} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS so_far FROM (${sized})`
  return `SELECT * EXCEPT (size, so_far) FROM (${summed}) WHERE so_far - size <= ${page.bytesLeft} ${by} SETTINGS ${settings}`
}

const noTrace = '0'.repeat(32)
const noSpan = '0'.repeat(16)

interface SizedRow {
  readonly row: LogRow
  /** About as many as its answer has. */
  readonly sizeBytes: number
}

/** A letter that was cut in two. */
const halfLetter = /\ufffd+…$/

function sizeOf(texts: Record<string, string>): number {
  let sizeBytes = 0
  for (const [name, value] of Object.entries(texts)) sizeBytes += name.length + value.length
  return sizeBytes
}

function rowsIn(block: NativeBlock, resourceOf: (fingerprint: string) => Record<string, string>): SizedRow[] {
  const word = (name: string): readonly string[] => textsIn(block, name)
  const [service, host, environment, release, scope] = [word('service'), word('host'), word('environment'), word('release'), word('scope')]
  const [source, body, traces, spans] = [word('source'), word('body'), word('trace'), word('span')]
  const [ts, pattern, problem, resource] = ['ts', 'pattern', 'problem', 'resource'].map((name) => wideIn(block, name))
  const hash = (wide: Uint32Array | undefined, row: number): string => hashText(wide?.[row * 2] ?? 0, wide?.[row * 2 + 1] ?? 0)
  const [batch, number, severity] = [numbersIn(block, 'batch'), numbersIn(block, 'row'), numbersIn(block, 'severity')]
  const [weight, scrubbed] = [numbersIn(block, 'weight'), numbersIn(block, 'scrubbed')]
  const attributes = mapsIn(block, 'attributes')
  const cut = numbersIn(block, 'cut')
  return Array.from({ length: block.rows }, (_, at) => sized(rowAt(at), cut[at] === 1))
  function rowAt(row: number): LogRow {
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
  }
}

/** The row as lists show it, where the engine left it whole. */
function shortened(whole: SizedRow): SizedRow {
  const { row } = whole
  const values = Object.values(row.attributes)
  if (!isVeryLong(row.body) && !values.some(isVeryLong)) return whole
  const attributes = Object.fromEntries(Object.entries(row.attributes).map(([name, value]) => [name, cutText(value)]))
  return sized({ ...row, body: cutText(row.body), attributes }, true)
}

function isVeryLong(text: string): boolean {
  // A unit of UTF-16 has three bytes at most.
  return text.length * 3 > shownTextBytesMax && Buffer.byteLength(text) > shownTextBytesMax
}

function cutText(text: string): string {
  return isVeryLong(text) ? `${Buffer.from(text).toString('utf8', 0, shownTextBytesMax)}…` : text
}

function sized(row: LogRow, isCut: boolean): SizedRow {
  const sizeBytes = rowBytes + row.body.length + sizeOf(row.attributes) + sizeOf(row.resource)
  if (!isCut) return { row, sizeBytes }
  const attributes = Object.entries(row.attributes).map(([name, value]) => [name, value.replace(halfLetter, '…')])
  return { row: { ...row, body: row.body.replace(halfLetter, '…'), attributes: Object.fromEntries(attributes), isCut: true }, sizeBytes }
}
