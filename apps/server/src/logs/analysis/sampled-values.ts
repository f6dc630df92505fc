/** Values that occur among the newest rows of the last hour: for completion where nothing notes values as rows come in. */
import type { ClickHouse } from '../../engines/index.ts'
import type { Scope } from '../../kernel/scope.ts'
import { fieldNamed, sqlString, type ValueCount, type ValueProvider } from '../../search/index.ts'
import { numbersIn, textsIn } from '../../signals/index.ts'
import type { SearchedRows } from './ports.ts'

export interface SampledValuesDeps {
  readonly engine: ClickHouse
  readonly rows: Pick<SearchedRows, 'table' | 'fields' | 'rowsOf'>
  readonly nowMs: () => number
}

const rangeMs = 3_600_000
const sampleRows = 50_000
/** Of each row all names are counted. */
const sampleRowsOfNames = 20_000

export function sampledValues({ engine, rows, nowMs }: SampledValuesDeps, scope: Scope, signal: AbortSignal): ValueProvider {
  const fields = rows.fields(scope)
  // Rows are taken before their names are spread out, the newest ten minutes first: in the order of the key, so that nothing is sorted.
  const sample = (expression: string, count: number): string => {
    const toMs = nowMs()
    const where = rows.rowsOf(scope, { fromMs: toMs - rangeMs, toMs })
    return `(SELECT ${expression} AS item FROM ${rows.table} WHERE ${where} ORDER BY bucket DESC LIMIT ${count})`
  }
  const count = async (items: string, prefix: string, limit: number): Promise<ValueCount[]> => {
    const sql = `SELECT value, toFloat64(count()) AS found FROM (SELECT toString(item) AS value FROM ${items})
      WHERE value != '' AND startsWith(lowerUTF8(value), lowerUTF8(${sqlString(prefix)})) GROUP BY value ORDER BY found DESC, value LIMIT ${limit}`
    const out: ValueCount[] = []
    for await (const block of engine.queryNative({ sql, class: 'interactive', signal })) {
      const [values, counts] = [textsIn(block, 'value'), numbersIn(block, 'found')]
      for (let row = 0; row < block.rows; row++) out.push({ value: values[row] ?? '', count: counts[row] ?? 0 })
    }
    return out
  }
  return {
    attributes: (prefix, limit) =>
      count(`(SELECT arrayJoin(item) AS item FROM ${sample(`mapKeys(${fields.attributes})`, sampleRowsOfNames)})`, prefix, limit),
    async values(name, prefix, limit) {
      const field = fieldNamed(fields, name)
      const own = `${fields.attributes}[${sqlString(name.replace(/^(?:@|attr\.|attributes\.)/, ''))}]`
      if (field !== null && field.type !== 'word') return []
      return await count(sample(field?.column ?? own, sampleRows), prefix, limit)
    },
  }
}
