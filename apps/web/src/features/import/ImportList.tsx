/** Imports of the project: how far they are, what became of them, the first rows that were refused. */
import type { ImportBody, ImportState } from '@bellwether/protocol'
import { formatAgo } from '../../lib/time-format.ts'
import { formatBytes, formatCount } from '../../lib/units.ts'
import { useNow } from '../../lib/use-now.ts'
import { Button } from '../../ui/Button.tsx'
import { Meter } from '../../ui/Meter.tsx'
import { StatusMark } from '../../ui/StatusMark.tsx'

const words: Readonly<Record<ImportState, string>> = {
  running: 'Running',
  done: 'Done',
  cancelled: 'Cancelled',
  interrupted: 'Interrupted',
  failed: 'Failed',
}
const marks = { running: 'unknown', done: 'ok', cancelled: 'warn', interrupted: 'warn', failed: 'down' } as const

export interface ImportListProps {
  readonly imports: readonly ImportBody[]
  /** The one that this page sends. */
  readonly sendingId: string | null
  readonly onCancel: ((id: string) => void) | null
}

export function ImportList({ imports, sendingId, onCancel }: ImportListProps) {
  const nowMs = useNow(5000)
  return (
    <ul className="bw-imports">
      {imports.map((one) => (
        <li key={one.id} className="bw-imports__one" aria-label={one.fileName === '' ? one.id : one.fileName}>
          <div className="bw-imports__head">
            <strong>{one.fileName === '' ? 'A file without a name' : one.fileName}</strong>
            <StatusMark tone={marks[one.state]} label={words[one.state]} />
            <time className="bw-dim" title={one.startedAt}>
              {formatAgo(Date.parse(one.startedAt), nowMs)}
            </time>
            {one.state === 'running' && onCancel !== null && (
              <Button small onClick={() => onCancel(one.id)} aria-label={`Cancel the import of ${one.fileName}`}>
                Cancel
              </Button>
            )}
          </div>
          {one.state === 'running' && (
            <Meter
              label={sendingId === one.id ? 'Sent' : 'Received'}
              used={one.receivedBytes}
              total={one.sizeBytes ?? one.receivedBytes}
              warnFrom={2}
              downFrom={2}
              text={
                one.sizeBytes === null
                  ? formatBytes(one.receivedBytes)
                  : `${formatBytes(one.receivedBytes)} of ${formatBytes(one.sizeBytes)}`
              }
            />
          )}
          <p className="bw-imports__counts">
            {formatCount(one.lines)} lines, {formatCount(one.stored)} samples stored, {formatCount(one.duplicates)} there before
            {refusedText(one)}
          </p>
          {one.failure !== null && <p className="bw-import-refused">{one.failure}</p>}
          {one.state === 'running' && sendingId !== one.id && (
            <p className="bw-dim">
              The rest of the file is not being sent from this page. Choose the same file again to go on where it stopped.
            </p>
          )}
          <RefusedRows of={one} />
        </li>
      ))}
    </ul>
  )
}

function refusedText({ refused }: ImportBody): string {
  const reasons = Object.entries(refused)
  if (reasons.length === 0) return ', none refused'
  return `; refused ${reasons.map(([reason, count]) => `${formatCount(count)} × ${reason}`).join(', ')}`
}

function RefusedRows({ of }: { readonly of: ImportBody }) {
  if (of.refusedRows.length === 0) return null
  return (
    <details>
      <summary>The first lines that were refused</summary>
      <ul className="bw-imports__refused">
        {of.refusedRows.map((row, index) => (
          <li key={`${row.line} ${index}`}>
            line {row.line}: {row.text} <code>{row.reason}</code>
          </li>
        ))}
      </ul>
    </details>
  )
}
