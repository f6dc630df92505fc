/** People of the organization and what they may do. */
import { NativeSelect, TextInput } from '@mantine/core'
import type { Member, Role } from '@bellwether/protocol'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Fragment, useState } from 'react'
import { formatAgo } from '../../lib/time-format.ts'
import { IconButton } from '../../ui/Button.tsx'
import { SecretOnce } from '../../ui/CodeBlock.tsx'
import { ConfirmTyped } from '../../ui/ConfirmTyped.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { NameForm } from '../../ui/NameForm.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Page } from '../../ui/Page.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import type { Column } from '../../ui/table-model.ts'
import { may, usePlace } from '../session/index.ts'
import { addMember, changeRole, membersQuery, removeMember, roles } from './members.queries.ts'
import './members.css'

export function MembersPage() {
  const { organizationPath, organization, session } = usePlace()
  const client = useQueryClient()
  const members = useQuery(membersQuery(organizationPath))
  const [removing, setRemoving] = useState<Member | null>(null)
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: membersQuery(organizationPath).queryKey })
  const change = useMutation({
    mutationFn: (to: { id: string; role: Role }) => changeRole(organizationPath, to.id, to.role),
    onSettled: refresh,
  })
  const remove = useMutation({
    mutationFn: (id: string) => removeMember(organizationPath, id),
    onSuccess: async () => {
      await refresh()
      setRemoving(null)
    },
  })
  const isAdmin = may(organization, 'admin')
  const columns = columnsFor({
    isAdmin,
    selfId: session.caller.id,
    nowMs: members.dataUpdatedAt,
    onRole: (id, role) => change.mutate({ id, role }),
    onRemove: setRemoving,
  })
  return (
    <Page title="Members" lead={`People of organization “${organization.name}”. A role holds for all its projects.`}>
      {isAdmin && <AddMember onAdded={refresh} />}
      {change.isError && <Failure compact error={change.error} title="The role was not changed" />}
      <section className="bw-section bw-members" aria-label="People">
        {members.isPending && <Loading label="members" />}
        {members.isError && (
          <Failure error={members.error} title="The members could not be listed" onRetry={() => void members.refetch()} />
        )}
        {members.data !== undefined && (
          <DataTable label="members" columns={columns} rows={members.data.items} rowKey={(member) => member.userId} />
        )}
      </section>
      <dl className="bw-roles">
        {roles.map((role) => (
          <Fragment key={role.value}>
            <dt>{role.label}</dt>
            <dd>{role.may}</dd>
          </Fragment>
        ))}
      </dl>
      {removing !== null && (
        <ConfirmTyped
          title="Remove this person?"
          name={removing.email}
          action="Remove"
          busy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate(removing.userId)}
          onClose={() => setRemoving(null)}
        >
          <strong>{removing.name}</strong> loses every right in organization “{organization.name}” at once. What they made stays.
        </ConfirmTyped>
      )}
    </Page>
  )
}

interface ColumnFacts {
  readonly isAdmin: boolean
  readonly selfId: string
  readonly nowMs: number
  readonly onRole: (id: string, role: Role) => void
  readonly onRemove: (member: Member) => void
}

function columnsFor({ isAdmin, selfId, nowMs, onRole, onRemove }: ColumnFacts): readonly Column<Member>[] {
  return [
    {
      id: 'name',
      header: 'Name',
      isMain: true,
      value: (member) => member.name,
      cell: (member) => (
        <span className="bw-person">
          {`${member.name}${member.userId === selfId ? ' (you)' : ''}`}
          {member.email !== member.name && <span className="bw-person__email bw-dim">{member.email}</span>}
        </span>
      ),
    },
    { id: 'email', header: 'E-mail', isExtra: true, value: (member) => member.email, cell: (member) => member.email },
    {
      id: 'role',
      header: 'Role',
      width: '120px',
      value: (member) => member.role,
      cell: (member) =>
        isAdmin ? (
          <NativeSelect
            size="xs"
            w={104}
            aria-label={`Role of ${member.name}`}
            data={roles.map(({ value, label }) => ({ value, label }))}
            value={member.role}
            onChange={({ currentTarget }) => {
              const role = roles.find((each) => each.value === currentTarget.value)?.value
              if (role !== undefined && role !== member.role) onRole(member.userId, role)
            }}
          />
        ) : (
          member.role
        ),
    },
    {
      id: 'since',
      header: 'Since',
      isExtra: true,
      value: (member) => member.createdAt,
      cell: (member) => <time title={member.createdAt}>{formatAgo(Date.parse(member.createdAt), nowMs)}</time>,
    },
    {
      id: 'actions',
      header: '',
      isNumber: true,
      cell: (member) =>
        isAdmin && member.userId !== selfId ? (
          <IconButton small icon="close" label={`Remove ${member.name}…`} onClick={() => onRemove(member)} />
        ) : null,
    },
  ]
}

function AddMember({ onAdded }: { readonly onAdded: () => Promise<void> }) {
  const { organizationPath } = usePlace()
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('member')
  const add = useMutation({
    mutationFn: (name: string) => addMember(organizationPath, { email: email.trim(), name, role }),
    onSuccess: async () => {
      setEmail('')
      await onAdded()
    },
  })
  const isAddress = /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email.trim())
  return (
    <section className="bw-section bw-members" aria-label="Add a person">
      <NameForm
        label="Name"
        placeholder="Ada Lovelace"
        action="Add"
        busy={add.isPending}
        error={add.error}
        onSubmit={add.mutateAsync}
        isReady={isAddress}
      >
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="off"
          placeholder="ada@example.com"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          error={email !== '' && !isAddress && email.includes('@') && !email.endsWith('@') ? 'Not yet an address' : null}
        />
        <NativeSelect
          label="Role"
          data={roles.map(({ value, label }) => ({ value, label }))}
          value={role}
          onChange={({ currentTarget }) => setRole(roles.find((each) => each.value === currentTarget.value)?.value ?? 'member')}
        />
      </NameForm>
      {add.data !== undefined && (
        <div className="bw-section__body">
          {add.data.signInLink === null ? (
            <Notice tone="ok" icon="check" title={`${add.data.member.name} was added`}>
              <p>They have an account here already and sign in as always.</p>
            </Notice>
          ) : (
            <Notice tone="ok" icon="check" title={`Send this link to ${add.data.member.name}`}>
              <p>It signs them in once to choose a password, and is not shown again.</p>
              <SecretOnce secret={add.data.signInLink} what="sign-in link" />
            </Notice>
          )}
        </div>
      )}
    </section>
  )
}
