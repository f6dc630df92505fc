/** Errors of the own API: one shape, `{"error":{code, message, hint, requestId}}`, whatever went wrong. */
import type { ApiErrorBody } from '@bellwether/protocol'
import { AppError, isAppError, type ErrorSpec } from '../kernel/errors.ts'

export const routeNotFound: ErrorSpec = {
  code: 'api.not_found',
  kind: 'not_found',
  publicText: 'There is nothing at this address.',
  hint: 'GET /api/0/openapi.json and /docs list what there is.',
}
export const signalNotTaken: ErrorSpec = {
  code: 'api.signal_not_taken',
  kind: 'not_found',
  publicText: 'Bellwether takes metrics, logs and traces; profiles are not taken.',
  hint: 'Send /v1/metrics, /v1/logs and /v1/traces: OTEL_METRICS_EXPORTER, OTEL_LOGS_EXPORTER and OTEL_TRACES_EXPORTER may all be otlp.',
}
export const methodNotAllowed: ErrorSpec = {
  code: 'api.method_not_allowed',
  kind: 'invalid',
  publicText: 'This address does not take this method.',
}
export const badRequest: ErrorSpec = { code: 'api.bad_request', kind: 'invalid', publicText: 'The request is not valid.' }
export const badJson: ErrorSpec = { code: 'api.bad_json', kind: 'invalid', publicText: 'The body is not valid JSON.' }
export const bodyTooLarge: ErrorSpec = { code: 'api.body_too_large', kind: 'too_large', publicText: 'The body is too large.' }
export const tooBusy: ErrorSpec = {
  code: 'api.too_busy',
  kind: 'unavailable',
  publicText: 'Too many uploads come in at once.',
  hint: 'Try again in a moment.',
}
export const unsupportedMediaType: ErrorSpec = {
  code: 'api.unsupported_media_type',
  kind: 'invalid',
  publicText: 'The body has a type that this address does not take.',
  hint: 'Send JSON with "Content-Type: application/json".',
}
export const internal: ErrorSpec = {
  code: 'api.internal',
  kind: 'internal',
  publicText: 'Something went wrong on our side.',
  hint: 'The log has more under the request id.',
}

/** Statuses that the kind alone does not give. */
const statusByCode: ReadonlyMap<string, number> = new Map([
  [methodNotAllowed.code, 405],
  [unsupportedMediaType.code, 415],
])

/** What Fastify throws while it reads a request, by its code. */
const specByFastifyCode: ReadonlyMap<string, ErrorSpec> = new Map([
  ['FST_ERR_CTP_INVALID_JSON_BODY', badJson],
  ['FST_ERR_CTP_EMPTY_JSON_BODY', badJson],
  ['FST_ERR_CTP_BODY_TOO_LARGE', bodyTooLarge],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', unsupportedMediaType],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', badRequest],
  ['FST_ERR_BAD_URL', badRequest],
  ['FST_ERR_MAX_PARAM_LENGTH', badRequest],
])

/** The operational error behind what was thrown, or null for a bug. */
export function asAppError(error: unknown): AppError | null {
  if (isAppError(error)) return error
  if (!(error instanceof Error)) return null
  if ('code' in error && typeof error.code === 'string') {
    const spec = specByFastifyCode.get(error.code)
    if (spec !== undefined) return new AppError(spec, { cause: error })
  }
  // JSON parsers and a client that broke off say so by a 4xx status.
  if ('statusCode' in error && typeof error.statusCode === 'number' && error.statusCode >= 400 && error.statusCode < 500) {
    return new AppError(error instanceof SyntaxError ? badJson : badRequest, { cause: error })
  }
  return null
}

export function statusOf(error: AppError): number {
  return statusByCode.get(error.code) ?? error.httpStatus
}

export function errorBody(error: AppError, requestId: string): ApiErrorBody {
  return { error: { code: error.code, message: error.publicText, hint: error.hint, requestId } }
}
