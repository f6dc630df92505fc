/** Problems over the stack's engines, and one of the other organization with an event, feedback, a decision and a source map. */
import type { Access } from '../../../apps/server/src/accounts/index.ts'
import { composeProblems } from '../../../apps/server/src/compose/problems.ts'
import type { ClickHouseEngine } from '../../../apps/server/src/engines/index.ts'
import type { Tenant } from '../../../apps/server/src/kernel/scope.ts'

export type ProblemsOfStack = ReturnType<typeof composeProblems>

export interface TheirProblem {
  readonly problem: string
  readonly event: string
  readonly file: string
}

const id = 'aaaabbbbccccdddd'

/** Written straight into the engine: how rows come there is the business of other tests. */
export async function putProblem(
  { problems, sourceMaps, releases, engine }: ProblemsOfStack & { engine: ClickHouseEngine },
  owner: Access,
  { tenant, word, atMs }: { tenant: Tenant; word: string; atMs: number },
): Promise<TheirProblem> {
  const { organizationId, projectId } = tenant
  const hour = Math.floor(atMs / 3_600_000)
  const bucket = Math.floor(atMs / 600_000)
  await engine.command(
    `INSERT INTO problem_hours (org, project, problem, hour, release, environment, service, count, first, last, severity, type, title, place, user_hashes)
      VALUES (${organizationId}, ${projectId}, 0x${id}, ${hour}, '${word}@1', '${word}', '${word}', 1, ${atMs}, ${atMs}, 17, '${word}', '${word} broke', '${word}.ts', [1])`,
  )
  for (const [row, source, problem] of [
    [0, 'sentry', `0x${id}`],
    [1, 'sentry-feedback', '0'],
  ] as const)
    await engine.command(
      `INSERT INTO logs (org, project, bucket, keep, ts, batch, row, source, release, body, problem, attributes)
        VALUES (${organizationId}, ${projectId}, ${bucket}, 30, ${atMs} * 1000000, 7, ${row}, '${source}', '${word}@1', '${word} broke', ${problem}, map('exception.type', '${word}'))`,
    )
  await problems.decide(owner, [id], 'reopened')
  const map = JSON.stringify({ version: 3, sources: [`${word}.ts`], names: [], mappings: 'AAAA' })
  const { id: file } = await sourceMaps.put(owner, { release: `${word}@1`, dist: '', name: `~/${word}.js`, debugId: null, map })
  const commit = { id: word, repository: word, author: word, message: word, atMs }
  await releases.put(owner, word, { commits: [commit] })
  const hex = (value: number | bigint, digits: number): string => value.toString(16).padStart(digits, '0')
  return { problem: id, event: `${hex(BigInt(atMs) * 1_000_000n, 16)}${hex(7, 8)}${hex(0, 8)}`, file }
}

/** What of problems takes a scope: the walk asks it of both organizations. `null`: it is not there for this one. */
export function problemCalls(
  { problems, sourceMaps, releases: toldReleases }: ProblemsOfStack,
  { access, theirs, word, signal }: { access: Access; theirs: TheirProblem; word: string; signal: AbortSignal },
): Record<string, () => unknown> {
  const reading = { scope: access.scope, signal }
  const toMs = Date.now()
  const range = { fromMs: toMs - 7_200_000, toMs }
  const page = { limit: 100, cursor: null }
  const filter = { ...range, text: '', release: '', environment: '', service: '', state: 'all', order: 'last', limit: 100 } as const
  const orNull = async (asked: Promise<unknown>): Promise<unknown> => await asked.catch(() => null)
  return {
    list: () => problems.list(reading, filter),
    detail: () => orNull(problems.detail(reading, theirs.problem, range)),
    events: () => problems.events(reading, theirs.problem, page),
    event: () => orNull(problems.event(reading, theirs.problem, theirs.event)),
    releases: () => problems.releases(reading, range),
    feedback: () => problems.feedback(reading, page),
    sourceMaps: () => sourceMaps.list(access),
    told: () => toldReleases.list(access, 100),
    toldOne: async () => (await toldReleases.get(access, word))?.commits,
    having: async () => (await toldReleases.having([access], word)).length,
    before: () => toldReleases.previous(access, 'another'),
    // About what has that id in the own project: here that is nothing.
    decide: () => problems.decide(access, [theirs.problem], 'ignored'),
  }
}
