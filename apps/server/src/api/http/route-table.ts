/**
 * A route as data: who may call it, what it takes, what it answers. Mounting, access checks, parsing, OpenAPI and the tests all read
 * this one table, so a route cannot forget its tenant or its description.
 */
import { z } from 'zod'
import type { Access, Caller, Peer, Permission } from '../../accounts/index.ts'
import { AppError } from '../../kernel/errors.ts'
import { badRequest } from '../errors.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** `project` and `organization` are taken from the path parameter of that name. */
export type AccessRule =
  | { readonly kind: 'public' }
  | { readonly kind: 'caller' }
  | { readonly kind: 'project'; readonly needed: Permission }
  | { readonly kind: 'organization'; readonly needed: Permission }
  | { readonly kind: 'system'; readonly needed: Permission }

/** What is known of a route without running it. */
export interface RouteDescription {
  readonly method: Method
  /** `/api/0/projects/:project/keys` */
  readonly path: string
  readonly summary: string
  readonly tag: string
  readonly access: AccessRule
  readonly query: z.ZodType | null
  readonly body: z.ZodType | null
  /** Null: 204 without a body. */
  readonly answer: z.ZodType | null
  readonly status: number
  /** Of routes that take more than others do. */
  readonly bodySizeBytesMax?: number
}

/** Who calls, from where, and what they may reach. */
export interface CallParts {
  /** A path parameter, decoded; '' when the path has none of this name. */
  param(name: string): string
  /** Only for routes whose rule names a project, an organization or the system. */
  access(): Access
  /** Only for routes that are not public. */
  caller(): Caller
  readonly callerOrNull: Caller | null
  readonly cookie: string | null
  readonly peer: Peer
  readonly signal: AbortSignal
  setCookies(lines: readonly string[]): void
}

/** One request, checked. */
export interface Call<Query, Body> extends CallParts {
  readonly query: Query
  readonly body: Body
}

export interface RouteSpec<Query, Body, Answer> {
  readonly method: Method
  readonly path: string
  readonly summary: string
  readonly tag: string
  readonly access: AccessRule
  /** `nothing` when the route takes none. */
  readonly query: z.ZodType<Query>
  readonly body: z.ZodType<Body>
  /** Null: 204 without a body. */
  readonly answer: z.ZodType<Answer> | null
  /** 200 when absent, 204 when there is no answer. */
  readonly status?: number
  readonly bodySizeBytesMax?: number
  handle(call: Call<Query, Body>): Promise<Answer>
}

/** A route ready to mount; what it takes and gives is typed inside and checked at its edge. */
export interface Route extends RouteDescription {
  run(parts: CallParts, query: unknown, body: unknown): Promise<unknown>
}

/** Schema of a part that a route does not look at. */
export const nothing: z.ZodType<null> = z.unknown().transform(() => null)

const issuesShownMax = 5

function parsePart<T>(schema: z.ZodType<T>, value: unknown, part: 'query' | 'body'): T {
  const outcome = schema.safeParse(value ?? {})
  if (outcome.success) return outcome.data
  const { issues } = outcome.error
  const shown = issues.slice(0, issuesShownMax).map((issue) => `${[part, ...issue.path.map(String)].join('.')}: ${issue.message}`)
  const rest = issues.length - shown.length
  throw new AppError(badRequest, { publicText: `${shown.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}.` })
}

/** Makes a mountable route of a typed one: query and body pass its schemas before its handler sees them. */
export function defineRoute<Query, Body, Answer>(spec: RouteSpec<Query, Body, Answer>): Route {
  const { method, path, summary, tag, access, answer } = spec
  return {
    method,
    path,
    summary,
    tag,
    access,
    query: isNothing(spec.query) ? null : spec.query,
    body: isNothing(spec.body) ? null : spec.body,
    answer,
    status: spec.status ?? (answer === null ? 204 : 200),
    ...(spec.bodySizeBytesMax === undefined ? {} : { bodySizeBytesMax: spec.bodySizeBytesMax }),
    run: (parts, query, body) =>
      spec.handle({ ...parts, query: parsePart(spec.query, query, 'query'), body: parsePart(spec.body, body, 'body') }),
  }
}

function isNothing(schema: z.ZodType): boolean {
  return schema === nothing
}
