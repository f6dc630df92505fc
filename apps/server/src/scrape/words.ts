/** What went wrong, for people: errors of Node and of ours as half sentences. */
import { isAppError } from '../kernel/errors.ts'

const codes: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'the file may not be read',
  EISDIR: 'it is a folder',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection broke',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the network',
  ETIMEDOUT: 'the connection took too long',
  Z_DATA_ERROR: 'its gzip is broken',
  Z_BUF_ERROR: 'its gzip is cut off',
  HPE_INVALID_CONSTANT: 'the answer is not HTTP',
}

/** An error in words; what those of Node mean for a person comes first. */
export function wordsOf(error: unknown): string {
  if (isAppError(error)) return error.publicText
  if (!(error instanceof Error)) return String(error)
  const inner =
    error instanceof AggregateError ? (error.errors[0] as unknown) : error.name === 'AbortError' ? (error.cause ?? error) : error
  if (inner !== error) return wordsOf(inner)
  const code = 'code' in error ? String(error.code) : ''
  const words = codes[code]
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR') return words ?? code
  return words === undefined ? error.message : `${words} (${error.message})`
}
