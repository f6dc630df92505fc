/** Large payloads: bodies of answers and requests, messages and results that are larger than what people or programs take at once. */
import type { SampledSpan } from '../ports.ts'
import type { Evidence } from './evidence.ts'
import { normalizedUrl, type TraceView } from './trace-view.ts'

export const largePayloadBytes = 1024 * 1024

const sizeNames = [
  'http.response.body.size',
  'http.response_content_length',
  'http.response_content_length_uncompressed',
  'http.request.body.size',
  'http.request_content_length',
  'messaging.message.body.size',
  'messaging.message.payload_size_bytes',
  'rpc.response.size',
  'rpc.request.size',
] as const

/** What is large because it is a file. */
const fileTypes = /^(image|video|audio|font)\/|octet-stream|zip|gzip|pdf|csv|spreadsheet|x-tar|multipart\/form-data|wasm/i
const filePaths =
  /\.(js|mjs|map|css|png|jpe?g|gif|webp|avif|svg|woff2?|ttf|ico|mp4|webm|mp3|zip|gz|tgz|pdf|csv|xlsx?|wasm|bin|iso|dmg|apk|parquet)$|\/(downloads?|exports?|uploads?|files?|attachments?|backups?|assets|static|media)(\/|$)/i

export function detectLargePayloads(view: TraceView): Evidence[] {
  const found: Evidence[] = []
  for (const { span, entry } of view.nodes) {
    // The caller's span says it again; who answers is told.
    if (![2, 3, 4, 5].includes(span.kind)) continue
    const size = largestOf(span)
    if (size === null || size.bytes < largePayloadBytes || isFile(span)) continue
    found.push({
      finding: 'large_payload',
      entry,
      subject: `${span.kind === 2 ? span.name : targetOf(span)} · ${partOf(size.name)}`,
      spanIds: [span.spanId],
      calls: 1,
      costMs: span.durationMs,
      savedMs: 0,
      sizeBytes: size.bytes,
    })
  }
  return found
}

function largestOf({ attributes }: SampledSpan): { name: string; bytes: number } | null {
  let largest: { name: string; bytes: number } | null = null
  for (const name of sizeNames) {
    const bytes = Number(attributes.get(name) ?? Number.NaN)
    if (Number.isFinite(bytes) && bytes > (largest?.bytes ?? 0)) largest = { name, bytes }
  }
  return largest
}

function partOf(name: string): string {
  if (name.startsWith('messaging')) return 'message'
  return name.includes('request') ? 'request' : 'response'
}

function isFile({ attributes, name }: SampledSpan): boolean {
  const types = ['http.response.header.content-type', 'http.request.header.content-type', 'http.response.content_type']
  if (types.some((type) => fileTypes.test(attributes.get(type) ?? ''))) return true
  // Ranges of a file.
  if (attributes.get('http.response.status_code') === '206' || attributes.get('http.status_code') === '206') return true
  const places = ['url.path', 'http.target', 'http.route', 'url.full', 'http.url'].map((place) => attributes.get(place) ?? '')
  return [...places, name.replace(/^[A-Z]+ /, '')].some((place) => filePaths.test(place.split(/[?#]/, 1)[0] ?? ''))
}

function targetOf({ attributes, name }: SampledSpan): string {
  const url = attributes.get('url.full') ?? attributes.get('http.url') ?? ''
  return url === '' ? name : normalizedUrl(url)
}
