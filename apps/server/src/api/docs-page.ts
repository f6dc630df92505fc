/** `/docs`: the routes as one readable page, without a script. Its style is allowed by hash. */
import { createHash } from 'node:crypto'
import type { RouteDescription } from './http/route-table.ts'
import { openApiPath, rightOf } from './openapi.ts'

const style = `
:root{color-scheme:light dark}
body{font:14px/1.5 Inter,system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:24px 16px}
h1{font-size:20px}h2{font-size:16px;margin-top:32px;border-bottom:1px solid #8884}
ul{list-style:none;padding:0}li{padding:8px 0;border-bottom:1px solid #8882}
code{font:13px 'JetBrains Mono',ui-monospace,monospace;overflow-wrap:anywhere}
.method{display:inline-block;min-width:4.5rem;font-weight:600}
.right,.fields{font-size:13px;opacity:.8;margin:0}
`

export const docsPolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; frame-ancestors 'none'; base-uri 'none'`

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

function fieldsOf(route: RouteDescription): string {
  const shapes = [route.query, route.body].flatMap((schema) =>
    schema !== null && 'shape' in schema ? Object.keys(schema.shape ?? {}) : [],
  )
  return shapes.length === 0 ? '' : `<p class="fields">Takes ${shapes.map((name) => `<code>${escapeHtml(name)}</code>`).join(', ')}</p>`
}

function routeHtml(route: RouteDescription): string {
  const address = `<code><span class="method">${route.method}</span>${escapeHtml(openApiPath(route.path))}</code>`
  return `<li>${address}<div>${escapeHtml(route.summary)}</div>${fieldsOf(route)}<p class="right">${escapeHtml(rightOf(route))}</p></li>`
}

export function docsPage(routes: readonly RouteDescription[], version: string): string {
  const tags = [...new Set(routes.map((route) => route.tag))]
  const sections = tags.map(
    (tag) =>
      `<h2>${escapeHtml(tag)}</h2><ul>${routes
        .filter((route) => route.tag === tag)
        .map(routeHtml)
        .join('')}</ul>`,
  )
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Bellwether API</title><style>${style}</style></head><body><main><h1>Bellwether API ${escapeHtml(version)}</h1><p>Send <code>Authorization: Bearer &lt;API token&gt;</code>. The same as a document for tools: <a href="/api/0/openapi.json">/api/0/openapi.json</a>.</p>${sections.join('')}</main></body></html>`
}
