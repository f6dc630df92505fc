/** Imports: what is asked of the server, and a file sent to it in parts. */
import {
  importBodySchema,
  importPreviewBodySchema,
  pageSchema,
  type ImportBody,
  type ImportFormat,
  type ImportPreviewBody,
} from '@bellwether/protocol'
import { queryOptions } from '@tanstack/react-query'
import { ApiError, errorOfReply, request, type Schema } from '../../lib/http.ts'
import { mappingParameters, separatorOf, type Mapping, type Separator } from './mapping.ts'

const importPage = pageSchema(importBodySchema)

/** A part takes seconds on a slow line, so that progress is seen. */
const partBytes = 2 * 1024 * 1024
/** Of a file, to look at before it is imported. */
const previewBytes = 64 * 1024
const attemptsMax = 20

export function importsQuery(projectPath: string) {
  return queryOptions({
    queryKey: ['imports', projectPath],
    queryFn: async ({ signal }) => (await request(`${projectPath}/metrics/imports`, importPage, { signal })).items,
  })
}

export interface ChosenFile {
  readonly file: File
  readonly format: ImportFormat
  readonly isGzipped: boolean
  /** Of CSV, as its first line looks; of JSON lines null. */
  readonly separator: Separator | null
  /** Its first lines, unpacked, whole. */
  readonly head: Uint8Array
}

/** Reads the first lines of a file; what it is follows from its name. */
export async function chooseFile(file: File): Promise<ChosenFile> {
  const isGzipped = /\.gz$/i.test(file.name)
  const format = /\.(jsonl|ndjson|json)$/i.test(file.name.replace(/\.gz$/i, '')) ? 'jsonl' : 'csv'
  const stream = isGzipped ? file.stream().pipeThrough(new DecompressionStream('gzip')) : file.stream()
  const head = wholeLines(await firstBytes(stream))
  const separator = format === 'csv' ? separatorOf(new TextDecoder().decode(head)) : null
  return { file, format, isGzipped, separator, head }
}

async function firstBytes(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const reader = stream.getReader()
  const bytes = new Uint8Array(previewBytes)
  let used = 0
  while (used < previewBytes) {
    const { done, value } = await reader.read()
    if (done) return bytes.subarray(0, used)
    const part = value.subarray(0, previewBytes - used)
    bytes.set(part, used)
    used += part.byteLength
  }
  await reader.cancel()
  return bytes
}

function wholeLines(bytes: Uint8Array): Uint8Array {
  const end = bytes.lastIndexOf(10)
  return bytes.byteLength < previewBytes || end < 0 ? bytes : bytes.subarray(0, end + 1)
}

export function previewQuery(projectPath: string, chosen: ChosenFile, mapping: Mapping) {
  const parameters = new URLSearchParams({ format: chosen.format, ...mappingParameters(mapping) })
  const { name, size, lastModified } = chosen.file
  return queryOptions({
    queryKey: ['import-preview', projectPath, name, size, lastModified, parameters.toString()],
    queryFn: ({ signal }): Promise<ImportPreviewBody> =>
      sendBytes(`${projectPath}/metrics/import/preview?${parameters.toString()}`, importPreviewBodySchema, {
        body: new Blob([chosen.head.slice()]),
        signal,
      }),
    retry: false,
    staleTime: Infinity,
  })
}

export function cancelImport(projectPath: string, id: string): Promise<ImportBody> {
  return request(`${projectPath}/metrics/imports/${encodeURIComponent(id)}`, importBodySchema, { method: 'DELETE' })
}

export interface Upload {
  readonly projectPath: string
  readonly chosen: ChosenFile
  readonly mapping: Mapping
  /** Of an import that got a part of this file before. */
  readonly resumed: ImportBody | null
  readonly signal: AbortSignal
  readonly onProgress: (status: ImportBody) => void
}

/** Sends the file; gives the import as it ended. What the server says "later" to is sent again. */
export async function uploadFile({ projectPath, chosen, mapping, resumed, signal, onProgress }: Upload): Promise<ImportBody> {
  const { file, format, isGzipped } = chosen
  const common = {
    format,
    gzip: String(isGzipped),
    file: file.name.slice(0, 300),
    size: String(file.size),
    ...mappingParameters(mapping),
  }
  const send = (parameters: Record<string, string>, body: Blob): Promise<ImportBody> => {
    const query = new URLSearchParams({ ...common, ...parameters })
    return sendBytes(`${projectPath}/metrics/import?${query.toString()}`, importBodySchema, { body, signal })
  }
  let status = resumed ?? (await patiently(() => send({ more: 'true' }, new Blob()), signal))
  onProgress(status)
  while (status.state === 'running') {
    const { id, receivedBytes: offset } = status
    const isLast = offset + partBytes >= file.size
    try {
      status = await patiently(
        () => send({ id, offset: String(offset), more: String(!isLast) }, file.slice(offset, offset + partBytes)),
        signal,
      )
    } catch (error) {
      // Some of the part may have come before the connection broke.
      if (!(error instanceof ApiError) || error.code !== 'import.offset') throw error
      status = await request(`${projectPath}/metrics/imports/${id}`, importBodySchema, { signal })
    }
    onProgress(status)
  }
  return status
}

async function patiently(send: () => Promise<ImportBody>, signal: AbortSignal): Promise<ImportBody> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send()
    } catch (error) {
      const mayPass = error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status === 503)
      if (!mayPass || attempt >= attemptsMax || signal.aborted) throw error
      const waitMs = 1000 * (error.retryAfterSec ?? 1)
      await new Promise((resolve) => window.setTimeout(resolve, waitMs))
    }
  }
}

async function sendBytes<T>(path: string, schema: Schema<T>, { body, signal }: { body: Blob; signal: AbortSignal }): Promise<T> {
  const headers = { accept: 'application/json', 'content-type': 'application/octet-stream' }
  const response = await fetch(path, { method: 'POST', credentials: 'same-origin', headers, body, signal }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, { code: 'http.unreachable', message: 'The server cannot be reached.' })
  })
  const answer: unknown = await response.json().catch(() => null)
  if (!response.ok) throw errorOfReply(response.status, answer, response.headers)
  return schema.parse(answer)
}
