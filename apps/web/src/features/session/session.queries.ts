/** Who is signed in, and the requests that change it. */
import { sessionAnswerSchema, type OrganizationRef, type Permission, type ProjectRef, type Session } from '@bellwether/protocol'
import { queryOptions, type QueryClient } from '@tanstack/react-query'
import { request, requestJson } from '../../lib/http.ts'

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }) => (await request('/api/0/auth/session', sessionAnswerSchema, { signal })).session,
  staleTime: 60_000,
  retry: 1,
})

export async function signIn(email: string, password: string): Promise<Session | null> {
  return (await request('/api/0/auth/sign-in', sessionAnswerSchema, { method: 'POST', body: { email, password } })).session
}

/** Exchanges the one-time token of a sign-in link for a session. */
export async function exchangeToken(token: string): Promise<Session | null> {
  return (await request('/api/0/auth/first-run', sessionAnswerSchema, { method: 'POST', body: { token } })).session
}

/** `currentPassword` is null only while none is set. */
export async function changePassword(currentPassword: string | null, newPassword: string): Promise<void> {
  await requestJson('/api/0/auth/password', { method: 'POST', body: { currentPassword, newPassword } })
}

/** Ends the session and forgets everything that was read with it. */
export async function signOut(client: QueryClient): Promise<void> {
  await requestJson('/api/0/auth/sign-out', { method: 'POST' })
  client.clear()
  client.setQueryData(sessionQuery.queryKey, null)
}

export interface Place {
  readonly organization: OrganizationRef
  readonly project: ProjectRef
}

/** The project with this id or slug and its organization; null when the session cannot see it. */
export function findPlace(session: Session, project: string): Place | null {
  for (const organization of session.organizations) {
    const found = organization.projects.find((candidate) => candidate.id === project || candidate.slug === project)
    if (found !== undefined) return { organization, project: found }
  }
  return null
}

/** Where to go when no project is named: the one open last if it still exists, else the first. */
export function firstPlace(session: Session, last: string | null): Place | null {
  const known = last === null ? null : findPlace(session, last)
  if (known !== null) return known
  for (const organization of session.organizations) {
    const project = organization.projects[0]
    if (project !== undefined) return { organization, project }
  }
  return null
}

export function may(organization: OrganizationRef, permission: Permission): boolean {
  return organization.permissions.includes(permission)
}
