/** Recent refusals, and what the store refused for ever. */
import { deadLetterSchema, pageSchema, refusalRowSchema, replayAnswerSchema, type ReplayAnswer } from '@bellwether/protocol'
import { queryOptions } from '@tanstack/react-query'
import { request } from '../../lib/http.ts'

const refusalPage = pageSchema(refusalRowSchema)
const letterPage = pageSchema(deadLetterSchema)

export function refusedQuery(projectPath: string) {
  return queryOptions({
    queryKey: ['refused', projectPath],
    queryFn: async ({ signal }) => (await request(`${projectPath}/refused`, refusalPage, { signal })).items,
  })
}

export function lettersQuery(projectPath: string) {
  return queryOptions({
    queryKey: ['dead-letters', projectPath],
    queryFn: async ({ signal }) => (await request(`${projectPath}/dead-letters`, letterPage, { signal })).items,
  })
}

/** Null replays all. */
export function replay(projectPath: string, ids: readonly string[] | null): Promise<ReplayAnswer> {
  return request(`${projectPath}/dead-letters/replay`, replayAnswerSchema, { method: 'POST', body: { ids } })
}
