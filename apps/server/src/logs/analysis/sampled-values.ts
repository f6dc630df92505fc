/** Values that occur among some rows of the last hour: for completion where nothing notes values as rows come in. */
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

export function sampledValues({ engine, rows, nowMs }: SampledValuesDeps, scope: Scope, signal: AbortSignal): ValueProvider {
  const fields = rows.fields(scope)
  const count = async (expression: string, prefix: string, limit: number): Promise<ValueCount[]> => {
    const toMs = nowMs()
    const where = rows.rowsOf(scope, { fromMs: toMs - rangeMs, toMs })
    const sql = `SELECT value, toFloat64(count()) AS found FROM (SELECT toString(${expression}) AS value FROM ${rows.table} WHERE ${where} LIMIT ${sampleRows})
      WHERE value != '' AND startsWith(lowerUTF8(value), lowerUTF8(${sqlString(prefix)})) GROUP BY value ORDER BY found DESC, value LIMIT ${limit}`
    const out: ValueCount[] = []
    for await (const block of engine.queryNative({ sql, class: 'interactive', signal })) {
      const [values, counts] = [textsIn(block, 'value'), numbersIn(block, 'found')]
      for (let row = 0; row < block.rows; row++) out.push({ value: values[row] ?? '', count: counts[row] ?? 0 })
    }
    return out
  }
  return {
    attributes: (prefix, limit) => count(`arrayJoin(mapKeys(${fields.attributes}))`, prefix, limit),
    async values(name, prefix, limit) {
      const field = fieldNamed(fields, name)
      if (field === null)
        return await count(`${fields.attributes}[${sqlString(name.replace(/^(?:@|attr\.|attributes\.)/, ''))}]`, prefix, limit)
      return field.type === 'word' ? await count(field.column, prefix, limit) : []
    },
  }
}
