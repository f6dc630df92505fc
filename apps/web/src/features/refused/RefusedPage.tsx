/** What was not taken, in words, and what can be tried again. */
import type { DeadLetter, RefusalRow } from '@bellwether/protocol'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useZone } from '../../lib/preferences.ts'
import { formatAgo, formatDateTime, type Zone } from '../../lib/time-format.ts'
import { formatBytes, formatCount } from '../../lib/units.ts'
import { useNow } from '../../lib/use-now.ts'
import { Button } from '../../ui/Button.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import type { Column } from '../../ui/table-model.ts'
import { may, usePlace } from '../session/index.ts'
import { protocolName } from '../sources/index.ts'
import { LeftOutSection, usageQuery } from '../usage/index.ts'
import { lettersQuery, refusedQuery, replay } from './refused.queries.ts'

const refreshMs = 5000

function refusalColumns(nowMs: number): readonly Column<RefusalRow>[] {
  return [
    {
      id: 'at',
      header: 'When',
      width: '110px',
      value: (row) => row.at,
      cell: (row) => <time title={row.at}>{formatAgo(Date.parse(row.at), nowMs)}</time>,
    },
    { id: 'reason', header: 'Reason', value: (row) => row.reason, cell: (row) => <code>{row.reason}</code> },
    { id: 'protocol', header: 'Source', isExtra: true, value: (row) => row.protocol, cell: (row) => protocolName(row.protocol) },
    { id: 'text', header: 'What and why', isMain: true, value: (row) => row.text, cell: (row) => <span title={row.text}>{row.text}</span> },
  ]
}

function letterColumns(zone: Zone, onReplay: ((id: string) => void) | null): readonly Column<DeadLetter>[] {
  return [
    {
      id: 'at',
      header: 'When',
      value: (letter) => letter.at,
      cell: (letter) => <time title={letter.at}>{formatDateTime(Date.parse(letter.at), zone)}</time>,
    },
    { id: 'kind', header: 'Kind', isExtra: true, value: (letter) => letter.kind, cell: (letter) => letter.kind },
    { id: 'rows', header: 'Records', isNumber: true, value: (letter) => letter.rows, cell: (letter) => formatCount(letter.rows) },
    {
      id: 'size',
      header: 'Size',
      isNumber: true,
      isExtra: true,
      value: (letter) => letter.sizeBytes,
      cell: (letter) => formatBytes(letter.sizeBytes),
    },
    {
      id: 'reason',
      header: 'The store said',
      isMain: true,
      value: (letter) => letter.reason,
      cell: (letter) => <span title={letter.reason}>{letter.reason}</span>,
    },
    {
      id: 'actions',
      header: '',
      isNumber: true,
      cell: (letter) =>
        onReplay === null ? null : (
          <Button small icon="play" onClick={() => onReplay(letter.id)} aria-label={`Replay the letter of ${letter.at}`}>
            Replay
          </Button>
        ),
    },
  ]
}

export function RefusedPage() {
  const { projectPath, organizationPath, project } = usePlace()
  const nowMs = useNow(5000)
  const usage = useQuery({ ...usageQuery(organizationPath), refetchInterval: refreshMs })
  const refused = useQuery({ ...refusedQuery(projectPath), refetchInterval: refreshMs })
  return (
    <Page
      title="Refused"
      lead={`What was sent to project “${project.name}” and could not be taken. The sender was told each time, where its protocol has answers.`}
    >
      <Section title="Recent refusals" note="the newest 500 since the program started">
        {refused.isPending && <Loading label="refusals" />}
        {refused.isError && <Failure error={refused.error} title="The refusals could not be read" onRetry={() => void refused.refetch()} />}
        {refused.data !== undefined && (
          <DataTable
            label="refusals"
            columns={refusalColumns(nowMs)}
            rows={refused.data}
            rowKey={(row) => `${row.at} ${row.reason} ${row.protocol} ${row.text}`}
            empty={
              <Empty title="Nothing was refused" icon="check">
                <p>A wrong key, a broken body, a time in the future: each would be listed here with an example and the reason.</p>
              </Empty>
            }
          />
        )}
      </Section>
      <DeadLetters />
      {usage.isError && <Failure error={usage.error} title="What was left out could not be read" onRetry={() => void usage.refetch()} />}
      {usage.data !== undefined && <LeftOutSection rows={usage.data.filter(({ projectId }) => projectId === project.id)} />}
    </Page>
  )
}

function DeadLetters() {
  const { projectPath, organization } = usePlace()
  const client = useQueryClient()
  const [zone] = useZone()
  const letters = useQuery({ ...lettersQuery(projectPath), refetchInterval: refreshMs })
  const again = useMutation({
    mutationFn: (ids: readonly string[] | null) => replay(projectPath, ids),
    onSettled: () => client.invalidateQueries({ queryKey: lettersQuery(projectPath).queryKey }),
  })
  const isAdmin = may(organization, 'admin')
  const hasLetters = (letters.data?.length ?? 0) > 0
  return (
    <Section
      title="Dead letters"
      note="acknowledged, then refused by the store for ever; kept, nothing is lost"
      actions={
        isAdmin && hasLetters ? (
          <Button small icon="play" busy={again.isPending} onClick={() => again.mutate(null)}>
            Replay all
          </Button>
        ) : undefined
      }
    >
      {again.isError && <Failure compact error={again.error} title="The replay failed" />}
      {again.data !== undefined && (
        <Notice tone="ok" icon="check">
          <p>
            {formatCount(again.data.letters)} {again.data.letters === 1 ? 'letter' : 'letters'} with {formatCount(again.data.rows)} records
            are on their way to the store again.
          </p>
        </Notice>
      )}
      {letters.isPending && <Loading label="dead letters" rows={2} />}
      {letters.isError && (
        <Failure error={letters.error} title="The dead letters could not be read" onRetry={() => void letters.refetch()} />
      )}
      {letters.data !== undefined && (
        <DataTable
          label="dead letters"
          columns={letterColumns(zone, isAdmin ? (id) => again.mutate([id]) : null)}
          rows={letters.data}
          rowKey={(letter) => letter.id}
          empty={
            <Empty title="No dead letters" icon="check">
              <p>When the store refuses a batch for ever, it waits here until someone corrects the cause and replays it.</p>
            </Empty>
          }
        />
      )}
    </Section>
  )
}
