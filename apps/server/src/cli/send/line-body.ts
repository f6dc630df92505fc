/** A line of a file as an object of JSON lines: what it says of itself, and where it was read. */
import { readTextTime, textTime } from '../../protocols/log-lines/text-time.ts'

export interface LineOrigin {
  /** Null: the line may say. */
  readonly service: string | null
  readonly host: string
  /** Null: standard input. */
  readonly path: string | null
}

const ownService = ['service', 'service.name', 'service_name']

/** One line of JSON without a newline. */
export function lineBody(line: Buffer, origin: LineOrigin): string {
  const text = line.toString('utf8')
  const fields = objectOf(text)
  if (fields === null) return JSON.stringify({ ...timeOf(line), message: text, ...originOf(origin, true) })
  const added = originOf(origin, !ownService.some((name) => name in fields))
  if ('host' in fields || 'hostname' in fields) delete added['host']
  return JSON.stringify({ ...fields, ...added })
}

function objectOf(text: string): Record<string, unknown> | null {
  if (!text.startsWith('{')) return null
  try {
    const parsed: unknown = JSON.parse(text)
    return isObject(parsed) ? parsed : null
  } catch {
    return null
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function originOf({ service, host, path }: LineOrigin, isServiceMissing: boolean): Record<string, string> {
  return {
    host,
    ...(service !== null && isServiceMissing ? { service } : {}),
    ...(path === null ? {} : { 'log.file.path': path }),
  }
}

/** A time without a zone is of this machine's. */
function timeOf(line: Buffer): { time?: string } {
  if (!readTextTime(line, 0, line.length, Date.now())) return {}
  const { seconds, nanos, hasZone } = textTime
  const at = new Date(seconds * 1000)
  const whole = hasZone
    ? at
    : new Date(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate(), at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds())
  const fraction = String(nanos)
    .padStart(9, '0')
    .replace(/000000$|000$/, '')
  return { time: `${whole.toISOString().slice(0, 19)}.${fraction}Z` }
}
