/**
 * Requests to our own server: JSON in and out, replies checked by the shared schema, errors as `ApiError` with the server's
 * code, hint and request id. Every call takes the signal of its query, so leaving a page cancels what it asked.
 */

/** What the reply must be; a zod schema is one. */
export interface Schema<T> {
  parse(value: unknown): T
}

/** A failed request. `status` 0: the server could not be reached; `code` is the server's stable code. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly hint: string | null
  readonly requestId: string | null
  /** Seconds the server asks us to wait, null when it does not say. */
  readonly retryAfterSec: number | null

  constructor(
    status: number,
    facts: { code: string; message: string; hint?: string | null; requestId?: string | null; retryAfterSec?: number | null },
  ) {
    super(facts.message)
    this.name = 'ApiError'
    this.status = status
    this.code = facts.code
    this.hint = facts.hint ?? null
    this.requestId = facts.requestId ?? null
    this.retryAfterSec = facts.retryAfterSec ?? null
  }
}

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  readonly body?: unknown
  readonly form?: URLSearchParams
  readonly signal?: AbortSignal
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

/** The error in a reply: ours, Prometheus' `{status, errorType, error}`, better-auth's `{code, message}`, or none we know. */
export function errorOfReply(status: number, body: unknown, headers: Headers): ApiError {
  const outer = record(body)
  const own = record(outer['error'])
  const requestId = textOf(own['requestId']) ?? headers.get('x-request-id')
  const retryAfter = Number(headers.get('retry-after') ?? Number.NaN)
  const message = textOf(own['message']) ?? textOf(outer['error']) ?? textOf(outer['message'])
  return new ApiError(status, {
    code: textOf(own['code']) ?? textOf(outer['errorType']) ?? textOf(outer['code']) ?? `http.${status}`,
    message: message ?? (status >= 500 ? 'The server could not answer.' : `The server refused this (${status}).`),
    hint: textOf(own['hint']) ?? textOf(outer['hint']),
    requestId,
    retryAfterSec: Number.isFinite(retryAfter) ? retryAfter : null,
  })
}

async function readBody(response: Response): Promise<unknown> {
  const text = await response.text()
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Sends the request and gives the decoded JSON; throws `ApiError` for everything that is not 2xx. An abort passes through. */
export async function requestJson(path: string, options: RequestOptions = {}): Promise<unknown> {
  const headers: Record<string, string> = { accept: 'application/json' }
  const init: RequestInit = { method: options.method ?? 'GET', credentials: 'same-origin', headers }
  if (options.form !== undefined) init.body = options.form
  else if (options.body !== undefined) {
    headers['content-type'] = 'application/json'
    init.body = JSON.stringify(options.body)
  }
  if (options.signal !== undefined) init.signal = options.signal
  let response: Response
  try {
    response = await fetch(path, init)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, {
      code: 'http.unreachable',
      message: 'The server cannot be reached.',
      hint: 'It may be restarting. This page tries again by itself.',
    })
  }
  const body = await readBody(response)
  if (!response.ok) throw errorOfReply(response.status, body, response.headers)
  return body
}

/** A reply checked by its schema. A reply of another shape means that page and server are of different versions. */
export async function request<T>(path: string, schema: Schema<T>, options: RequestOptions = {}): Promise<T> {
  const body = await requestJson(path, options)
  try {
    return schema.parse(body)
  } catch (error) {
    throw new ApiError(0, {
      code: 'http.unexpected_shape',
      message: 'The server answered in a way this page does not understand.',
      hint: `Reload the page: the server may have been updated. ${error instanceof Error ? error.message.slice(0, 300) : ''}`,
    })
  }
}
