/** API tokens of an organization. */
import { apiTokenCreatedSchema, apiTokenSchema, pageSchema, type ApiTokenCreate, type ApiTokenCreated } from '@bellwether/protocol'
import { queryOptions } from '@tanstack/react-query'
import { request, requestJson } from '../../lib/http.ts'

const tokenPage = pageSchema(apiTokenSchema)

export function tokensQuery(organizationPath: string) {
  return queryOptions({
    queryKey: ['tokens', organizationPath],
    queryFn: ({ signal }) => request(`${organizationPath}/tokens`, tokenPage, { signal }),
  })
}

export function createToken(organizationPath: string, token: ApiTokenCreate): Promise<ApiTokenCreated> {
  return request(`${organizationPath}/tokens`, apiTokenCreatedSchema, { method: 'POST', body: token })
}

export async function revokeToken(organizationPath: string, id: string): Promise<void> {
  await requestJson(`${organizationPath}/tokens/${encodeURIComponent(id)}`, { method: 'DELETE' })
}
