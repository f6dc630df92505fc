/** Who changed what, newest first. */
import { auditEntrySchema, pageSchema, type AuditEntry } from '@bellwether/protocol'
import { infiniteQueryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { request } from '../../lib/http.ts'
import { useZone } from '../../lib/preferences.ts'
import { formatDateTime, type Zone } from '../../lib/time-format.ts'
import { Button } from '../../ui/Button.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { Page } from '../../ui/Page.tsx'
import { Empty, Failure, Loading, NoPermission } from '../../ui/states.tsx'
import { Tag } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { membersQuery } from '../members/index.ts'
import { may, usePlace } from '../session/index.ts'
import { namesFrom, targetText } from './audit-names.ts'

const auditPage = pageSchema(auditEntrySchema)

function auditQuery(organizationPath: string) {
  return infiniteQueryOptions({
    queryKey: ['audit', organizationPath],
    queryFn: ({ signal, pageParam }) =>
      request(`${organizationPath}/audit?limit=100${pageParam === '' ? '' : `&cursor=${encodeURIComponent(pageParam)}`}`, auditPage, {
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
  })
}

function detailText(entry: AuditEntry): string {
  return Object.entries(entry.detail)
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ')
}

function columnsIn(zone: Zone, names: ReadonlyMap<string, string>): readonly Column<AuditEntry>[] {
  return [
    {
      id: 'at',
      header: 'Time',
      width: '180px',
      value: (entry) => entry.at,
      cell: (entry) => <time title={entry.at}>{formatDateTime(Date.parse(entry.at), zone)}</time>,
    },
    {
      id: 'actor',
      header: 'Who',
      value: (entry) => entry.actor.name,
      cell: (entry) => (
        <span title={entry.actor.id}>
          {entry.actor.name} {entry.actor.kind !== 'user' && <Tag>{entry.actor.kind}</Tag>}
        </span>
      ),
    },
    { id: 'action', header: 'Did', value: (entry) => entry.action, cell: (entry) => <code>{entry.action}</code> },
    {
      id: 'target',
      header: 'To',
      isExtra: true,
      value: (entry) => entry.target,
      cell: (entry) => <span title={entry.target}>{targetText(entry.target, names)}</span>,
    },
    {
      id: 'detail',
      header: 'Detail',
      isExtra: true,
      isMain: true,
      value: detailText,
      cell: (entry) => <span title={detailText(entry)}>{detailText(entry)}</span>,
    },
  ]
}

export function AuditPage() {
  const { organizationPath, organization } = usePlace()
  const [zone] = useZone()
  const isAdmin = may(organization, 'admin')
  const audit = useInfiniteQuery({ ...auditQuery(organizationPath), enabled: isAdmin })
  const members = useQuery({ ...membersQuery(organizationPath), enabled: isAdmin })
  const rows = audit.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Page title="Audit" lead={`Every change of people, keys, tokens and settings in organization “${organization.name}”.`}>
      {!isAdmin && <NoPermission what="Only admins and owners see the audit log." />}
      {isAdmin && (
        <section className="bw-section" aria-label="Entries">
          {audit.isPending && <Loading label="entries" rows={8} />}
          {audit.isError && <Failure error={audit.error} title="The audit log could not be read" onRetry={() => void audit.refetch()} />}
          {audit.data !== undefined && (
            <DataTable
              label="audit"
              columns={columnsIn(zone, namesFrom(members.data?.items ?? [], rows))}
              rows={rows}
              rowKey={(entry) => entry.id}
              empty={
                <Empty title="Nothing was changed yet" icon="clock">
                  <p>Adding a person, making or revoking a key, creating a project: each leaves a line here that no one can edit.</p>
                </Empty>
              }
            />
          )}
          {audit.hasNextPage && (
            <div className="bw-section__body">
              <Button busy={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>
                Older entries
              </Button>
            </div>
          )}
        </section>
      )}
    </Page>
  )
}
