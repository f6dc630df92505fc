/** The OpenAPI document of every route, made of the same table that mounts them. */
import { apiErrorBody } from '@bellwether/protocol'
import { z } from 'zod'
import type { RouteDescription } from './http/route-table.ts'

type Json = Readonly<Record<string, unknown>>

const rights: Readonly<Record<RouteDescription['access']['kind'], string>> = {
  public: 'Open to everyone.',
  caller: 'For anyone signed in.',
  project: 'Needs this right in the project:',
  organization: 'Needs this right in the organization:',
  system: 'Needs this right in the first organization:',
}

export function rightOf(route: RouteDescription): string {
  const { access } = route
  return access.kind === 'public' || access.kind === 'caller' ? rights[access.kind] : `${rights[access.kind]} ${access.needed}.`
}

/** `/a/:b` → `/a/{b}` */
export function openApiPath(path: string): string {
  return path.replaceAll(/:([A-Za-z]+)/g, '{$1}')
}

function schemaJson(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/:([A-Za-z]+)/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
}

/** One parameter for each field of the query's schema. */
function queryParameters(query: z.ZodType | null): Json[] {
  if (query === null) return []
  const { properties, required } = schemaJson(query, 'input')
  const needed: readonly unknown[] = Array.isArray(required) ? required : []
  return Object.entries(properties ?? {}).map(([name, schema]) => ({ name, in: 'query', required: needed.includes(name), schema }))
}

function jsonContent(schema: z.ZodType, io: 'input' | 'output'): Json {
  return { 'application/json': { schema: schemaJson(schema, io) } }
}

function operation(route: RouteDescription): Json {
  const answer =
    route.answer === null
      ? { 204: { description: 'Done.' } }
      : { [route.status]: { description: 'Success.', content: jsonContent(route.answer, 'output') } }
  return {
    operationId: operationId(route),
    summary: route.summary,
    description: rightOf(route),
    tags: [route.tag],
    security: route.access.kind === 'public' ? [] : [{ token: [] }, { session: [] }],
    parameters: [...pathParameters(route.path), ...queryParameters(route.query)],
    ...(route.body === null ? {} : { requestBody: { required: true, content: jsonContent(route.body, 'input') } }),
    responses: { ...answer, default: { $ref: '#/components/responses/Error' } },
  }
}

/** `getProjectsKeys`: the method and the fixed words of the path. Addresses of Sentry's end in a slash; some of ours are the same without. */
function operationId({ method, path }: RouteDescription): string {
  const words = path
    .replace(/^\/api\/0\//, '')
    .split(/[^A-Za-z0-9:]+/)
    .filter((word) => word !== '')
    .map((word) => (word.startsWith(':') ? `By-${word.slice(1)}` : word))
    .flatMap((word) => word.split('-'))
  const name = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')
  return `${method.toLowerCase()}${name}${path.endsWith('/') ? 'OfSentry' : ''}`
}

export function buildOpenApi(routes: readonly RouteDescription[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of routes) (paths[openApiPath(route.path)] ??= {})[route.method.toLowerCase()] = operation(route)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Bellwether',
      version,
      description: 'Everything the screens do. Lists are {items, next}; times are RFC 3339 in UTC; ids are strings.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'An API token.' },
        session: { type: 'apiKey', in: 'cookie', name: 'bellwether.session_token', description: 'The cookie of a signed-in browser.' },
      },
      responses: { Error: { description: 'What went wrong, and what to do about it.', content: jsonContent(apiErrorBody, 'output') } },
    },
  }
}
