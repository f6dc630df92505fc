/**
 * Files of the web app. Names with a hash never change, so browsers keep them; the page itself is asked for again each time.
 * An address that no route has and that a browser wants as a page is the app's own: it gets the page and shows it.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import staticFiles from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../kernel/errors.ts'
import { routeNotFound, signalNotTaken } from './errors.ts'
import { markAnswer, securityHeaders, sendError } from './http/answer.ts'

const hashedCaching = 'public, max-age=31536000, immutable'
const hashedFolder = '/assets/'

/** Addresses that belong to protocols and programs: a browser's page is never the answer there. */
const programPaths = /^\/(?:api|v1|write|ping|loki|otlp|metrics|health|batch|capture|mp)(?:\/|$)/

const inlineScript = /<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g

/** What the page may load: itself; its own inline scripts by hash. Styles are set by script (charts, editor), so inline ones pass. */
function pagePolicy(page: string): string {
  const hashes = [...page.matchAll(inlineScript)].map(
    ([, code]) =>
      `'sha256-${createHash('sha256')
        .update(code ?? '')
        .digest('base64')}'`,
  )
  return [
    "default-src 'self'",
    `script-src ${["'self'", ...hashes].join(' ')}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

interface Page {
  readonly body: string
  readonly policy: string
}

function readPage(webDir: string | null): Page | null {
  if (webDir === null) return null
  const file = join(webDir, 'index.html')
  if (!existsSync(file)) return null
  const body = readFileSync(file, 'utf8')
  return { body, policy: pagePolicy(body) }
}

function wantsPage(request: FastifyRequest): boolean {
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  return isRead && (request.headers.accept ?? '').includes('text/html') && !programPaths.test(request.url.split('?', 1)[0] ?? '')
}

function sendPage(reply: FastifyReply, page: Page): FastifyReply {
  return reply
    .headers({ ...securityHeaders, 'content-security-policy': page.policy, 'cache-control': 'no-cache' })
    .type('text/html; charset=utf-8')
    .send(page.body)
}

/** OpenTelemetry's signal that has no route: who exports everything sends it too, and its log shows our answer. */
const notTaken = /^\/v1(?:development)?\/profiles(?:\?|$)/

/** Also answers what no route takes; call it once, on the root. */
export async function mountStatic(app: FastifyInstance, webDir: string | null): Promise<void> {
  const page = readPage(webDir)
  app.setNotFoundHandler((request, reply) => {
    markAnswer(request, reply)
    if (page !== null && wantsPage(request)) return sendPage(reply, page)
    return sendError(new AppError(notTaken.test(request.url) ? signalNotTaken : routeNotFound), request, reply)
  })
  if (page === null || webDir === null) return
  await app.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, bellwetherAccess: 'public' }
    })
    scope.get('/', async (_request, reply) => sendPage(reply, page))
    scope.get('/index.html', async (_request, reply) => sendPage(reply, page))
    await scope.register(staticFiles, {
      root: webDir,
      index: false,
      // Every file is a route of its own, made at the start: what is not among them is nobody's and falls to the page.
      wildcard: false,
      decorateReply: false,
      // `name.br` and `name.gz` beside a file are sent in its place to who takes them.
      preCompressed: true,
      globIgnore: ['**/index.html', '**/*.map', '**/*.br', '**/*.gz'],
      setHeaders: (response, path) => {
        for (const [name, value] of Object.entries(securityHeaders)) response.header(name, value)
        response.header('cache-control', path.includes(hashedFolder) ? hashedCaching : 'no-cache')
      },
    })
  })
}
