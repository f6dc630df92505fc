/** Answers of OTLP: `ExportMetricsServiceResponse` with partial success, and `google.rpc.Status` for errors, as protobuf and JSON. */
import type { AppError, ErrorKind } from '../../kernel/errors.ts'
import type { MetricsOutcome } from '../metrics-door.ts'
import { ProtoWriter } from '../protobuf/writer.ts'

/** google.rpc.Code. */
const codeByKind: Readonly<Record<ErrorKind, number>> = {
  invalid: 3,
  unauthenticated: 16,
  forbidden: 7,
  not_found: 5,
  conflict: 6,
  // Not RESOURCE_EXHAUSTED: the same body will never fit.
  too_large: 3,
  limit: 8,
  timeout: 4,
  canceled: 1,
  unavailable: 14,
  internal: 13,
}

const retryDelaySecDefault = 5

/** Kinds after which the same request may succeed later. */
export function isRetryable(error: AppError): boolean {
  return error.kind === 'limit' || error.kind === 'unavailable' || error.kind === 'timeout'
}

export function statusCode(error: AppError): number {
  return codeByKind[error.kind]
}

export function statusMessage(error: AppError): string {
  return error.hint === null ? error.publicText : `${error.publicText} ${error.hint}`
}

/** What was refused, in words; '' when nothing was. */
export function partialSuccessMessage(outcome: MetricsOutcome): string {
  if (outcome.pointsRefused === 0) return ''
  const reasons = [...outcome.refused].map(([reason, points]) => `${reason} (${points})`).join(', ')
  const examples = outcome.examples.length === 0 ? '' : `; for example: ${outcome.examples.join('; ')}`
  return `${outcome.pointsRefused} of ${outcome.pointsReceived} data points were refused: ${reasons}${examples}`
}

export function responseProtobuf(outcome: MetricsOutcome): Buffer {
  const writer = new ProtoWriter()
  if (outcome.pointsRefused > 0) {
    writer.messageField(1, (partial) => partial.varintField(1, outcome.pointsRefused).stringField(2, partialSuccessMessage(outcome)))
  }
  return writer.finish()
}

/** 64-bit numbers are strings in proto3 JSON. */
export function responseJson(outcome: MetricsOutcome): string {
  if (outcome.pointsRefused === 0) return '{}'
  const partialSuccess = { rejectedDataPoints: String(outcome.pointsRefused), errorMessage: partialSuccessMessage(outcome) }
  return JSON.stringify({ partialSuccess })
}

export function statusProtobuf(error: AppError): Buffer {
  const writer = new ProtoWriter()
  writer.varintField(1, statusCode(error)).stringField(2, statusMessage(error))
  if (isRetryable(error)) {
    writer.messageField(3, (any) => {
      any.stringField(1, 'type.googleapis.com/google.rpc.RetryInfo')
      any.messageField(2, (info) => info.messageField(1, (delay) => delay.varintField(1, error.retryAfterSec ?? retryDelaySecDefault)))
    })
  }
  return writer.finish()
}

export function statusJson(error: AppError): string {
  const details = isRetryable(error)
    ? [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${error.retryAfterSec ?? retryDelaySecDefault}s` }]
    : []
  return JSON.stringify({ code: statusCode(error), message: statusMessage(error), details })
}
