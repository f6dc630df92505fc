/**
 * The search language on the real engine: for random rows and random searches, SQL with the text index, SQL without it and the matcher in
 * memory find the same rows.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compileSearch, sqlString, type SearchFields } from '../../../apps/server/src/search/index.ts'
import { openEngine, type EngineHome } from '../metrics/metrics-stack.ts'
import { makeRows, searchArbitrary, searchFields, viewOf, type Row } from '../../../apps/server/src/search/testing/search-cases.ts'

let home: EngineHome
const rows = makeRows(400)
const views = rows.map(viewOf)
const nowMs = Date.UTC(2026, 0, 31)

beforeAll(async () => {
  home = await openEngine()
  for (const table of ['indexed', 'plain']) await home.engine.command(createTable(table))
  await home.engine.command(
    'CREATE TABLE known_resources (fingerprint UInt64, attributes Map(LowCardinality(String), String)) ENGINE = MergeTree ORDER BY fingerprint',
  )
  const resources = new Map(rows.map((row) => [row.resource, row.resourceAttributes]))
  const resourceRows = [...resources].map(([id, attributes]) => `(${id}, ${mapSql(attributes)})`)
  await home.engine.command(`INSERT INTO known_resources VALUES ${resourceRows.join(', ')}`)
  for (const table of ['indexed', 'plain']) await home.engine.command(`INSERT INTO ${table} VALUES ${rows.map(rowSql).join(', ')}`)
})

afterAll(async () => {
  await home[Symbol.asyncDispose]()
})

function createTable(name: string): string {
  const index = name === 'indexed' ? ", INDEX words lowerUTF8(body) TYPE text(tokenizer = 'splitByNonAlpha')" : ''
  return `CREATE TABLE ${name} (n UInt32, service LowCardinality(String), severity UInt8, http_status UInt16, duration UInt64, ts Int64,
    trace_id FixedString(16), pattern UInt64, scrubbed UInt8, resource UInt64, body String,
    attributes Map(LowCardinality(String), String)${index})
    ENGINE = MergeTree ORDER BY (service, n) SETTINGS index_granularity = 16`
}

function mapSql(pairs: ReadonlyMap<string, string>): string {
  const list = [...pairs].flatMap(([key, value]) => [sqlString(key), sqlString(value)])
  return list.length === 0 ? "CAST(map(), 'Map(LowCardinality(String), String)')" : `map(${list.join(', ')})`
}

function rowSql(row: Row): string {
  const trace = `unhex('${row.traceId === '' ? '0'.repeat(32) : row.traceId}')`
  const pattern = row.pattern === '' ? 0n : BigInt(`0x${row.pattern}`)
  return `(${row.n}, ${sqlString(row.service)}, ${row.severity}, ${row.httpStatus}, ${row.durationNs}, ${row.timeMs}000000, ${trace}, ${pattern},
    ${row.scrubbed}, ${row.resource}, ${sqlString(row.body)}, ${mapSql(row.attributes)})`
}

async function found(table: string, condition: string): Promise<number[]> {
  const out: number[] = []
  const sql = `SELECT n FROM ${table} WHERE ${condition} ORDER BY n`
  for await (const block of home.engine.queryNative({ sql, class: 'internal' })) {
    const [column] = block.columns
    if (column?.kind === 'u32') out.push(...column.data)
  }
  return out
}

async function agree(text: string, fields: SearchFields = searchFields(true)): Promise<number[]> {
  const matcher = compileSearch(text, fields, { nowMs }).matcher()
  const wanted = rows.filter((_, i) => matcher(views[i]!)).map((row) => row.n)
  const indexed = await found('indexed', compileSearch(text, searchFields(true), { nowMs }).sql())
  const plain = await found('plain', compileSearch(text, searchFields(false), { nowMs }).sql())
  expect(indexed, `with the index: ${text}`).toEqual(wanted)
  expect(plain, `without the index: ${text}`).toEqual(wanted)
  return wanted
}

describe('the engine and the matcher', () => {
  test('find the same rows for any search', async () => {
    let finding = 0
    await fc.assert(
      fc.asyncProperty(searchArbitrary, async (text) => {
        const { length } = await agree(text)
        if (length > 0 && length < rows.length) finding++
      }),
      { numRuns: 150 },
    )
    // Searches that find everything or nothing prove little.
    expect(finding).toBeGreaterThan(40)
  })

  test('read numbers of attributes alike', async () => {
    for (const text of ['@size:>=0', '@size:<0', '@size:1..2000', '@size:0.5', '@size:[5 TO *]', '@size:{5 TO 1e3}', '-@size:>5'])
      await agree(text)
  })

  test('take large patterns alike', async () => {
    for (const pattern of [
      '(a{30}){30}',
      '(a{300}){3}',
      '[^a]{900}',
      '\\pL{200}',
      '(a+)+$',
      '(?:x*)*y',
      '\\Qa.b\\E|\\x41',
      '[[:alpha:]]+\\d',
    ])
      await agree(`/${pattern}/`)
  })

  test.each(['(a{500}){2}', '[^a]{1000}'])('the engine takes %s, which is too large for rows as they come in', async (pattern) => {
    const search = compileSearch(`/${pattern}/`, searchFields(true), { nowMs })
    expect(await found('indexed', search.sql())).toEqual([])
    expect(() => search.matcher()).toThrow(expect.objectContaining({ code: 'search.pattern' }))
  })
})
