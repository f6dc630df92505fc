/** The events of a problem, newest first. */
import type { ProblemEventRow } from '@bellwether/protocol'
import { useInfiniteQuery } from '@tanstack/react-query'
import { formatAgo } from '../../lib/time-format.ts'
import { useNow } from '../../lib/use-now.ts'
import { Button } from '../../ui/Button.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import type { Column } from '../../ui/table-model.ts'
import { usePlace } from '../session/index.ts'
import { eventsQuery } from './problems.queries.ts'

export function EventsView({ id, onOpen }: { readonly id: string; readonly onOpen: (event: string) => void }) {
  const { projectPath } = usePlace()
  const nowMs = useNow(10_000)
  const events = useInfiniteQuery(eventsQuery(projectPath, id))
  if (events.isPending) return <Loading label="events" rows={8} />
  if (events.isError) return <Failure error={events.error} title="Events could not be read" onRetry={() => void events.refetch()} />
  return (
    <>
      <DataTable
        label="events"
        columns={columnsAt(nowMs)}
        rows={events.data.pages.flatMap(({ items }) => items)}
        rowKey={(event) => event.id}
        onOpen={(event) => onOpen(event.id)}
        empty={
          <Empty title="No event is kept any more" icon="clock">
            <p>Events are kept as long as logs; counts are kept longer.</p>
          </Empty>
        }
      />
      {events.hasNextPage && (
        <Button onClick={() => void events.fetchNextPage()} busy={events.isFetchingNextPage}>
          Older events
        </Button>
      )}
    </>
  )
}

function columnsAt(nowMs: number): readonly Column<ProblemEventRow>[] {
  return [
    {
      id: 'time',
      header: 'When',
      value: ({ timestamp }) => timestamp,
      cell: ({ timestamp }) => <time title={timestamp}>{formatAgo(Date.parse(timestamp), nowMs)}</time>,
    },
    { id: 'message', header: 'Message', isMain: true, value: ({ message }) => message, cell: ({ message }) => message },
    plain('user', 'User', ({ user }) => user),
    plain('release', 'Release', ({ release }) => release),
    plain('environment', 'Environment', ({ environment }) => environment),
    plain('trace', 'Trace', ({ traceId }) => traceId?.slice(0, 8) ?? ''),
  ]
}

function plain(id: string, header: string, value: (event: ProblemEventRow) => string): Column<ProblemEventRow> {
  return { id, header, isExtra: true, value, cell: value }
}
