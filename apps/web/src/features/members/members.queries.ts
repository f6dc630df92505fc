/** People of an organization. */
import {
  memberCreatedSchema,
  memberSchema,
  pageSchema,
  type Member,
  type MemberCreate,
  type MemberCreated,
  type Role,
} from '@bellwether/protocol'
import { queryOptions } from '@tanstack/react-query'
import { request, requestJson } from '../../lib/http.ts'

const memberPage = pageSchema(memberSchema)

export function membersQuery(organizationPath: string) {
  return queryOptions({
    queryKey: ['members', organizationPath],
    queryFn: ({ signal }) => request(`${organizationPath}/members`, memberPage, { signal }),
  })
}

export function addMember(organizationPath: string, member: MemberCreate): Promise<MemberCreated> {
  return request(`${organizationPath}/members`, memberCreatedSchema, { method: 'POST', body: member })
}

export function changeRole(organizationPath: string, userId: string, role: Role): Promise<Member> {
  return request(`${organizationPath}/members/${encodeURIComponent(userId)}`, memberSchema, { method: 'PATCH', body: { role } })
}

export async function removeMember(organizationPath: string, userId: string): Promise<void> {
  await requestJson(`${organizationPath}/members/${encodeURIComponent(userId)}`, { method: 'DELETE' })
}

export const roles: readonly { readonly value: Role; readonly label: string; readonly may: string }[] = [
  { value: 'viewer', label: 'Viewer', may: 'reads the data of the projects' },
  { value: 'member', label: 'Member', may: 'also sees the ingest keys, to send data' },
  {
    value: 'admin',
    label: 'Admin',
    may: 'also makes and revokes keys and tokens, adds projects and people, replays refused data, reads the audit log',
  },
  { value: 'owner', label: 'Owner', may: 'also makes and removes owners' },
]
