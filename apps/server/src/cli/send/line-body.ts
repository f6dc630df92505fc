/** A line of a file as an object of JSON lines: what it says of itself, and where it was read. */

export interface LineOrigin {
  /** Null: the line may say. */
  readonly service: string | null
  readonly host: string
  /** Null: standard input. */
  readonly path: string | null
}

const ownService = ['service', 'service.name', 'service_name']
/** A time at the beginning of a line of text, in brackets or not. */
const leadingTime = /^\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)\s?(Z|UTC|[+-]\d\d:?\d\d)?\b/

/** One line of JSON without a newline. */
export function lineBody(line: Buffer, origin: LineOrigin): string {
  const text = line.toString('utf8')
  const fields = objectOf(text)
  if (fields === null) return JSON.stringify({ ...timeOf(text), message: text, ...originOf(origin, true) })
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
function timeOf(text: string): { time?: string } {
  const [, time, zone] = leadingTime.exec(text) ?? []
  if (time === undefined) return {}
  const iso = time.replace(' ', 'T').replace(',', '.')
  const atMs = Date.parse(zone === undefined ? iso.slice(0, 23) : `${iso.slice(0, 23)}${zone === 'UTC' ? 'Z' : zone}`)
  return Number.isNaN(atMs) ? {} : { time: new Date(atMs).toISOString() }
}
