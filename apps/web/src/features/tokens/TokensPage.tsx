/** API tokens: for scripts and other programs. The token itself is shown once. */
import { NativeSelect } from '@mantine/core'
import type { ApiToken, Permission } from '@bellwether/protocol'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { formatAgo } from '../../lib/time-format.ts'
import { Button } from '../../ui/Button.tsx'
import { CodeBlock, SecretOnce } from '../../ui/CodeBlock.tsx'
import { ConfirmTyped } from '../../ui/ConfirmTyped.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { NameForm } from '../../ui/NameForm.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Page } from '../../ui/Page.tsx'
import { Empty, Failure, Loading, NoPermission } from '../../ui/states.tsx'
import { Tag } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { may, usePlace } from '../session/index.ts'
import { expiryOf, lifetimes } from './token-lifetime.ts'
import { createToken, revokeToken, tokensQuery } from './tokens.queries.ts'

const rights: readonly { readonly value: string; readonly label: string; readonly permissions: Permission[] }[] = [
  { value: 'read', label: 'Read', permissions: ['read'] },
  { value: 'write', label: 'Read and write', permissions: ['read', 'write'] },
  { value: 'admin', label: 'Everything', permissions: ['read', 'write', 'admin'] },
]

export function TokensPage() {
  const { organizationPath, organization } = usePlace()
  const client = useQueryClient()
  const isAdmin = may(organization, 'admin')
  const tokens = useQuery({ ...tokensQuery(organizationPath), enabled: isAdmin })
  const [revoking, setRevoking] = useState<ApiToken | null>(null)
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: tokensQuery(organizationPath).queryKey })
  const revoke = useMutation({
    mutationFn: (id: string) => revokeToken(organizationPath, id),
    onSuccess: async () => {
      await refresh()
      setRevoking(null)
    },
  })
  return (
    <Page
      title="API tokens"
      lead="For scripts, Grafana and other programs that read or change things here. To send data, use an ingest key instead."
    >
      {!isAdmin && <NoPermission what="Only admins and owners manage tokens." />}
      {isAdmin && <CreateToken onCreated={refresh} />}
      {isAdmin && (
        <section className="bw-section" aria-label="Tokens">
          {tokens.isPending && <Loading label="tokens" />}
          {tokens.isError && <Failure error={tokens.error} title="The tokens could not be listed" onRetry={() => void tokens.refetch()} />}
          {tokens.data !== undefined && (
            <DataTable
              label="tokens"
              columns={columnsFor(tokens.dataUpdatedAt, setRevoking)}
              rows={tokens.data.items}
              rowKey={(token) => token.id}
              empty={
                <Empty title="No token yet" icon="key">
                  <p>Create one above. It is shown once; afterwards only its first characters are known here.</p>
                </Empty>
              }
            />
          )}
        </section>
      )}
      {revoking !== null && (
        <ConfirmTyped
          title="Revoke this token?"
          name={revoking.name}
          action="Revoke for ever"
          busy={revoke.isPending}
          error={revoke.error}
          onConfirm={() => revoke.mutate(revoking.id)}
          onClose={() => setRevoking(null)}
        >
          Whatever uses <code>{revoking.prefix}…</code> is refused from now on.
        </ConfirmTyped>
      )}
    </Page>
  )
}

function columnsFor(nowMs: number, onRevoke: (token: ApiToken) => void): readonly Column<ApiToken>[] {
  const ago = (time: string | null): string => (time === null ? 'never' : formatAgo(Date.parse(time), nowMs))
  return [
    { id: 'name', header: 'Name', isMain: true, value: (token) => token.name, cell: (token) => token.name },
    { id: 'prefix', header: 'Starts with', isExtra: true, cell: (token) => <code>{token.prefix}…</code> },
    {
      id: 'rights',
      header: 'May',
      value: (token) => token.permissions.join(' '),
      cell: (token) => <Tag>{token.permissions.join(', ')}</Tag>,
    },
    {
      id: 'used',
      header: 'Last used',
      value: (token) => token.lastUsedAt,
      cell: (token) => <span title={token.lastUsedAt ?? ''}>{ago(token.lastUsedAt)}</span>,
    },
    {
      id: 'ends',
      header: 'Ends',
      isExtra: true,
      value: (token) => token.expiresAt,
      cell: (token) => <span title={token.expiresAt ?? ''}>{ago(token.expiresAt)}</span>,
    },
    { id: 'by', header: 'Made by', isExtra: true, value: (token) => token.createdBy, cell: (token) => token.createdBy },
    {
      id: 'actions',
      header: '',
      isNumber: true,
      cell: (token) => (
        <Button small variant="danger" onClick={() => onRevoke(token)} aria-label={`Revoke ${token.name}`}>
          Revoke…
        </Button>
      ),
    },
  ]
}

function CreateToken({ onCreated }: { readonly onCreated: () => Promise<void> }) {
  const { organizationPath, project } = usePlace()
  const [right, setRight] = useState('read')
  const [lifetime, setLifetime] = useState('90')
  const [where, setWhere] = useState('all')
  const create = useMutation({
    mutationFn: (name: string) =>
      createToken(organizationPath, {
        name,
        permissions: rights.find((each) => each.value === right)?.permissions ?? ['read'],
        projectId: where === 'all' ? null : project.id,
        expiresAt: expiryOf(lifetime, Date.now()),
      }),
    onSuccess: onCreated,
  })
  return (
    <section className="bw-section" aria-label="New token">
      <NameForm
        label="Name of the new token"
        placeholder="grafana"
        action="Create token"
        busy={create.isPending}
        error={create.error}
        onSubmit={create.mutateAsync}
      >
        <NativeSelect
          label="May"
          data={rights.map(({ value, label }) => ({ value, label }))}
          value={right}
          onChange={({ currentTarget }) => setRight(currentTarget.value)}
        />
        <NativeSelect
          label="In"
          data={[
            { value: 'all', label: 'every project' },
            { value: 'one', label: project.name },
          ]}
          value={where}
          onChange={({ currentTarget }) => setWhere(currentTarget.value)}
        />
        <NativeSelect
          label="Works for"
          data={[...lifetimes]}
          value={lifetime}
          onChange={({ currentTarget }) => setLifetime(currentTarget.value)}
        />
      </NameForm>
      {create.data !== undefined && (
        <div className="bw-section__body">
          <Notice tone="ok" icon="key" title={`Copy ${create.data.token.name} now: it is not shown again`}>
            <SecretOnce secret={create.data.secret} what="token" />
            <p className="bw-dim">Try it:</p>
            <CodeBlock
              what="example request"
              code={`curl -H "Authorization: Bearer ${create.data.secret}" \\\n  "${location.origin}/api/0/projects/${project.id}/prometheus/api/v1/query?query=up"`}
            />
          </Notice>
        </div>
      )}
    </section>
  )
}
