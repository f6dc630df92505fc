/** Above the list: how messages are shown, and the rows as a file. */
import type { LogRow } from '@bellwether/protocol'
import { saveFile } from '../../lib/csv.ts'
import { formatCount } from '../../lib/units.ts'
import { Button } from '../../ui/Button.tsx'
import { csvOf, jsonLinesOf } from './rows-model.ts'
import type { LogsState } from './use-logs.ts'

export interface RowsToolsProps {
  readonly rows: readonly LogRow[]
  readonly state: LogsState
  readonly hasMore: boolean
}

export function RowsTools({ rows, state, hasMore }: RowsToolsProps) {
  const { search, update } = state
  const columns = search.col ?? []
  const isWrapped = search.wrap === 'on'
  return (
    <div className="bw-logs-tools">
      <span className="bw-dim">
        {formatCount(rows.length)} {rows.length === 1 ? 'row' : 'rows'} read{hasMore ? ', more below' : ''}
      </span>
      <Button small variant="quiet" aria-pressed={isWrapped} onClick={() => update({ wrap: isWrapped ? undefined : 'on' }, true)}>
        {isWrapped ? 'Cut long messages' : 'Wrap long messages'}
      </Button>
      <Button
        small
        variant="quiet"
        icon="download"
        aria-label="Download these rows as CSV"
        onClick={() => saveFile('logs.csv', 'text/csv', csvOf(rows, columns))}
      >
        CSV
      </Button>
      <Button
        small
        variant="quiet"
        icon="download"
        aria-label="Download these rows as JSON lines"
        onClick={() => saveFile('logs.jsonl', 'application/jsonl', jsonLinesOf(rows))}
      >
        JSON
      </Button>
    </div>
  )
}
