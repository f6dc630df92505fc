/** Ingest keys of the project: make, copy, revoke. */
import type { IngestKey } from '@bellwether/protocol'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { formatAgo } from '../../lib/time-format.ts'
import { Button } from '../../ui/Button.tsx'
import { ConfirmTyped } from '../../ui/ConfirmTyped.tsx'
import { CopyButton } from '../../ui/CopyButton.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { NameForm } from '../../ui/NameForm.tsx'
import { Page } from '../../ui/Page.tsx'
import { Empty, Failure, Loading, NoPermission } from '../../ui/states.tsx'
import { StatusMark } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { may, usePlace } from '../session/index.ts'
import { createKey, keysQuery, revokeKey } from './keys.queries.ts'

export function KeysPage() {
  const { projectPath, project, organization } = usePlace()
  const client = useQueryClient()
  const maySee = may(organization, 'write')
  const keys = useQuery({ ...keysQuery(projectPath), enabled: maySee })
  const [revoking, setRevoking] = useState<IngestKey | null>(null)
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: keysQuery(projectPath).queryKey })
  const create = useMutation({ mutationFn: (name: string) => createKey(projectPath, name), onSuccess: refresh })
  const revoke = useMutation({
    mutationFn: (id: string) => revokeKey(projectPath, id),
    onSuccess: async () => {
      await refresh()
      setRevoking(null)
    },
  })
  const isAdmin = may(organization, 'admin')
  return (
    <Page
      title="Ingest keys"
      lead={`A key lets data into project “${project.name}” and can read nothing. Give each sender its own, so that one can be revoked alone.`}
      actions={
        <Link className="bw-btn bw-btn--plain" to="/p/$project/start" params={{ project: project.id }}>
          Snippets with this key
        </Link>
      }
    >
      <section className="bw-section" aria-label="Keys">
        {isAdmin && (
          <NameForm
            label="Name of the new key"
            placeholder="checkout service"
            action="Create key"
            busy={create.isPending}
            error={create.error}
            onSubmit={create.mutateAsync}
          />
        )}
        {!maySee && <NoPermission what="Members, admins and owners see the keys." />}
        {maySee && keys.isPending && <Loading label="keys" />}
        {keys.isError && <Failure error={keys.error} title="The keys could not be listed" onRetry={() => void keys.refetch()} />}
        {keys.data !== undefined && (
          <DataTable
            label="keys"
            columns={columnsFor(isAdmin, keys.dataUpdatedAt, setRevoking)}
            rows={keys.data.items}
            rowKey={(key) => key.id}
            empty={
              <Empty title="No key yet" icon="key">
                <p>{isAdmin ? 'Create one above: without a key only this machine may send.' : 'An admin can create one.'}</p>
              </Empty>
            }
          />
        )}
      </section>
      {revoking !== null && (
        <ConfirmTyped
          title="Revoke this key?"
          name={revoking.name}
          action="Revoke for ever"
          busy={revoke.isPending}
          error={revoke.error}
          onConfirm={() => revoke.mutate(revoking.id)}
          onClose={() => setRevoking(null)}
        >
          Everything that sends with <strong>{revoking.name}</strong> is refused within seconds. Data already stored stays. A revoked key
          cannot be brought back.
        </ConfirmTyped>
      )}
    </Page>
  )
}

function columnsFor(isAdmin: boolean, nowMs: number, onRevoke: (key: IngestKey) => void): readonly Column<IngestKey>[] {
  return [
    { id: 'name', header: 'Name', isMain: true, value: (key) => key.name, cell: (key) => key.name },
    {
      id: 'key',
      header: 'Key',
      cell: (key) => (
        <span className="bw-key">
          <code>{key.key}</code>
          {key.revokedAt === null && <CopyButton text={key.key} what={`key ${key.name}`} />}
        </span>
      ),
    },
    {
      id: 'state',
      header: 'State',
      value: (key) => (key.revokedAt === null ? 'active' : 'revoked'),
      cell: (key) =>
        key.revokedAt === null ? (
          <StatusMark tone="ok" label="active" />
        ) : (
          <StatusMark tone="paused" label={`revoked ${formatAgo(Date.parse(key.revokedAt), nowMs)}`} />
        ),
    },
    {
      id: 'created',
      header: 'Created',
      isExtra: true,
      value: (key) => key.createdAt,
      cell: (key) => <time title={key.createdAt}>{formatAgo(Date.parse(key.createdAt), nowMs)}</time>,
    },
    {
      id: 'actions',
      header: '',
      isNumber: true,
      cell: (key) =>
        isAdmin && key.revokedAt === null ? (
          <Button small variant="danger" onClick={() => onRevoke(key)} aria-label={`Revoke ${key.name}`}>
            Revoke…
          </Button>
        ) : null,
    },
  ]
}
