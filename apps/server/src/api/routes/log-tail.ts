/** The live tail of logs: an answer that goes on, as server-sent events (HTML standard, «Server-sent events»). */
import { logTailEventSchema, logTailQuerySchema, type LogTailEnd, type LogTailQuery } from '@bellwether/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Access } from '../../accounts/index.ts'
import { AppError, type ErrorSpec } from '../../kernel/errors.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Scope } from '../../kernel/scope.ts'
import { badRequest } from '../errors.ts'
import { failureOf, markAnswer, sendError } from '../http/answer.ts'
import { refuseOtherMethods, standingOf } from '../http/mount.ts'
import { closeSignal } from '../http/request-facts.ts'
import type { AccessRule, RouteDescription } from '../http/route-table.ts'
import { tailAccessMs, tailKeepAliveMs } from '../limits.ts'
import type { ApiDeps } from '../ports.ts'
import { logsBase } from './log-routes.ts'

const tailMoved: ErrorSpec = {
  code: 'api.tail_moved',
  kind: 'not_found',
  publicText: 'The project is not what it was when the live tail began.',
}

const tailOver: ErrorSpec = {
  code: 'api.tail_over',
  kind: 'limit',
  publicText: 'The time that the live tail was opened for is over.',
}

const access: AccessRule = { kind: 'project', needed: 'read' }

export const logTailDescription: RouteDescription = {
  method: 'GET',
  path: `${logsBase}/tail`,
  summary:
    'Rows as they come in: server-sent events named `rows`, whose data is this; the answer goes on until the reader leaves, or may look no longer (an event `end` says why).',
  tag: 'Logs',
  access,
  query: logTailQuerySchema,
  body: null,
  answer: logTailEventSchema,
  status: 200,
}

interface TailDeps extends Pick<ApiDeps, 'logger' | 'clock'> {
  readonly logs: Pick<ApiDeps['logs'], 'tail'>
  readonly accounts: Pick<ApiDeps['accounts'], 'gatekeeper'>
}

export async function mountLogTail(app: FastifyInstance, deps: TailDeps): Promise<void> {
  const accesses = new WeakMap<FastifyRequest, Access>()
  await app.register(async (scope) => {
    scope.setErrorHandler((error, request, reply) => sendError(failureOf(error, request, deps.logger), request, reply))
    scope.route({
      method: 'GET',
      url: logTailDescription.path,
      exposeHeadRoute: false,
      config: { bellwetherAccess: access.kind },
      onRequest: async (request, reply) => {
        markAnswer(request, reply)
        const standing = await standingOf(deps.accounts.gatekeeper, access, request)
        if (standing.access !== null) accesses.set(request, standing.access)
      },
      handler: async (request, reply) => {
        const found = accesses.get(request)
        if (found === undefined) throw new Error('the request was not admitted')
        await answer(deps, { request, reply, access: found })
        return reply
      },
    })
    refuseOtherMethods(scope, [logTailDescription])
  })
}

interface TailCall {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly access: Access
}

/** When it ends because the reader may look no longer, or for its time, its last event is named `end` and says why. */
async function answer(deps: TailDeps, { request, reply, access: { scope } }: TailCall): Promise<void> {
  const { logs, clock } = deps
  const { query, seconds } = queryOf(request)
  const left = closeSignal(request, reply.raw)
  const end = new AbortController()
  left.addEventListener('abort', () => end.abort(), { once: true })
  const stream = new EventStream(reply, clock)
  const refusal: { error: AppError | null } = { error: null }
  using _looks = clock.every(tailAccessMs, () => {
    void refusalOf(deps, request, scope).then((error) => {
      if (error === null) return
      refusal.error ??= error
      end.abort()
    })
  })
  using _deadline =
    seconds === null
      ? null
      : clock.after(seconds * 1000, () => {
          refusal.error ??= new AppError(tailOver)
          end.abort()
        })
  try {
    await logs.tail(scope, { query, signal: end.signal, deliver: (event) => stream.send('rows', event, end.signal) })
  } finally {
    stream.end(refusal.error)
  }
}

/** Why the reader may not go on, null when it may: the same is asked of whoever calls as with any request. */
async function refusalOf({ accounts, logger }: TailDeps, request: FastifyRequest, scope: Scope): Promise<AppError | null> {
  try {
    const now = (await standingOf(accounts.gatekeeper, access, request)).access?.scope
    const isSame = now?.organizationId === scope.organizationId && scope.projectIds.every((id) => now.projectIds.includes(id))
    return isSame ? null : new AppError(tailMoved)
  } catch (error) {
    return failureOf(error, request, logger)
  }
}

function queryOf(request: FastifyRequest): LogTailQuery {
  const parsed = logTailQuerySchema.safeParse(request.query)
  if (parsed.success) return parsed.data
  const shown = parsed.error.issues.slice(0, 5).map((issue) => `query.${issue.path.map(String).join('.')}: ${issue.message}`)
  throw new AppError(badRequest, { publicText: `${shown.join('; ')}.` })
}

/** Takes the answer over with the first event: until then an error is answered like any other. */
class EventStream {
  readonly #reply: FastifyReply
  readonly #clock: Clock
  #alive: Disposable | null = null

  constructor(reply: FastifyReply, clock: Clock) {
    this.#reply = reply
    this.#clock = clock
  }

  /** Resolves when the event is on its way: with a slow reader, when there is room again. */
  async send(name: string, data: unknown, left: AbortSignal): Promise<void> {
    const { raw } = this.#reply
    if (this.#alive === null) this.#begin()
    if (raw.destroyed || raw.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        raw.off('drain', done)
        left.removeEventListener('abort', done)
        resolve()
      }
      raw.once('drain', done)
      left.addEventListener('abort', done, { once: true })
      if (left.aborted) done()
    })
  }

  /** A reader who does not take what is on its way is left: nothing is kept for it. */
  end(refusal: AppError | null): void {
    if (this.#alive === null) return
    this.#alive[Symbol.dispose]()
    const { raw } = this.#reply
    if (raw.writableNeedDrain) {
      raw.destroy()
      return
    }
    const event: LogTailEnd | null = refusal === null ? null : { code: refusal.code, message: refusal.publicText }
    raw.end(event === null ? undefined : `event: end\ndata: ${JSON.stringify(event)}\n\n`)
  }

  #begin(): void {
    const { raw } = this.#reply
    this.#reply.hijack()
    raw.writeHead(200, { ...headersOf(this.#reply), 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
    this.#alive = this.#clock.every(tailKeepAliveMs, () => {
      if (!raw.writableNeedDrain) raw.write(':\n\n')
    })
  }
}

function headersOf(reply: FastifyReply): Record<string, string> {
  return Object.fromEntries(
    Object.entries(reply.getHeaders()).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : [])),
  )
}
