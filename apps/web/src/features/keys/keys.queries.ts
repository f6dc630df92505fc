/** Ingest keys of a project. */
import { ingestKeySchema, pageSchema, type IngestKey } from '@bellwether/protocol'
import { queryOptions } from '@tanstack/react-query'
import { request, requestJson } from '../../lib/http.ts'

const keyPage = pageSchema(ingestKeySchema)

export function keysQuery(projectPath: string) {
  return queryOptions({
    queryKey: ['keys', projectPath],
    queryFn: ({ signal }) => request(`${projectPath}/keys`, keyPage, { signal }),
    staleTime: 30_000,
  })
}

export function createKey(projectPath: string, name: string): Promise<IngestKey> {
  return request(`${projectPath}/keys`, ingestKeySchema, { method: 'POST', body: { name } })
}

export async function revokeKey(projectPath: string, id: string): Promise<void> {
  await requestJson(`${projectPath}/keys/${encodeURIComponent(id)}`, { method: 'DELETE' })
}

/** The key that snippets show: the newest that still works. */
export function usableKey(keys: readonly IngestKey[]): IngestKey | null {
  const usable = keys.filter((key) => key.revokedAt === null)
  return usable.reduce<IngestKey | null>((best, key) => (best === null || key.createdAt > best.createdAt ? key : best), null)
}
