/** `bellwether import FILE`: sends a file of CSV or JSON lines to a running Bellwether, in parts, and says how far it is. */
import { open, type FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'
import { importBodySchema, type ImportBody } from '@bellwether/protocol'
import { systemClock } from '../kernel/clock.ts'
import { AppError, type ErrorSpec } from '../kernel/errors.ts'
import { exitFailed, exitGood, exitWrongUse, type Command, type CommandContext } from './command.ts'
import { configOption, configOptionHelp, localUrl } from './config-command.ts'

const refusedSpec: ErrorSpec = { code: 'import.refused', kind: 'invalid', publicText: 'Bellwether refused the file.' }
const unreachable: ErrorSpec = {
  code: 'import.not_reachable',
  kind: 'unavailable',
  publicText: 'No Bellwether answers.',
  hint: "Start one with 'npm start' in another terminal, or name its address with --url.",
}

/** A part takes seconds, so that progress is seen and a request never lasts long. */
const partBytes = 4 * 1024 * 1024
const progressEveryMs = 1000
/** Of one part, when the connection breaks or Bellwether says "later". */
const attemptsMax = 30
const retryAfterMsDefault = 1000

const mappingOptions = ['time', 'time-format', 'values', 'labels', 'name', 'name-column', 'extra-labels', 'delimiter'] as const

export const importCommand: Command = {
  usage: 'FILE --token TOKEN [--project ID] [--format csv|jsonl] [--url URL] [--time COLUMN] ...',
  options: {
    ...configOption,
    url: { type: 'string' },
    token: { type: 'string' },
    project: { type: 'string' },
    format: { type: 'string' },
    ...Object.fromEntries(mappingOptions.map((name) => [name, { type: 'string' as const }])),
  },
  optionHelp: [
    ['--token TOKEN', 'an API token that may write (Settings, API tokens); needed'],
    ['--url URL', 'where Bellwether listens (default: this machine, at the port of the settings)'],
    ['--project ID', 'the project (default: 1)'],
    ['--format FORMAT', 'csv or jsonl (default: by the name of the file; .gz is unpacked)'],
    ['--time COLUMN', 'column of times (default: found by its name)'],
    ['--time-format F', 'auto, rfc3339, s, ms, us or ns (default: auto)'],
    ['--values A,B', 'columns that are values (default: those with numbers in the first row)'],
    ['--labels A,B', 'columns that are labels (default: the others)'],
    ['--name NAME', "the metric's name, before the column's where there are several values"],
    ['--name-column C', "column with the metric's name"],
    ['--extra-labels L', 'labels of every row: name:value,name:value'],
    ['--delimiter C', 'of CSV: one character, or tab (default: ,)'],
    configOptionHelp,
  ],
  async run(context) {
    const [path, ...more] = context.positionals
    const { token } = context.options
    if (path === undefined || more.length > 0 || typeof token !== 'string') {
      context.complain("bellwether import: say 'import FILE --token TOKEN'; see --help")
      return exitWrongUse
    }
    const query = queryOf(context, path)
    if (query === null) return exitWrongUse
    const { url, project } = context.options
    const address = typeof url === 'string' ? url.replace(/\/+$/, '') : localUrl(context)
    if (address === null) return exitFailed
    await using file = await openFile(path)
    const base = `${address}/api/0/projects/${encodeURIComponent(typeof project === 'string' ? project : '1')}/metrics/import`
    const sizeBytes = (await file.stat()).size
    query.set('size', String(sizeBytes))
    const ended = await sendFile({ context, base, token, query, sizeBytes }, file)
    return report(context, ended)
  },
}

/** Null after saying what is wrong. */
function queryOf(context: CommandContext, path: string): URLSearchParams | null {
  const name = basename(path)
  const plainName = name.replace(/\.gz$/i, '')
  const { format } = context.options
  const chosen = typeof format === 'string' ? format : /\.(jsonl|ndjson|json)$/i.test(plainName) ? 'jsonl' : 'csv'
  if (chosen !== 'csv' && chosen !== 'jsonl') {
    context.complain('bellwether import: --format takes csv or jsonl')
    return null
  }
  const query = new URLSearchParams({ format: chosen, file: name.slice(0, 300), gzip: String(plainName !== name) })
  for (const option of mappingOptions) {
    const value = context.options[option]
    if (typeof value === 'string')
      query.set(
        option.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
        value,
      )
  }
  return query
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    throw new AppError(refusedSpec, { publicText: `${path} cannot be read.`, cause: error })
  }
}

interface Sending {
  readonly context: CommandContext
  readonly base: string
  readonly token: string
  readonly query: URLSearchParams
  readonly sizeBytes: number
}

/** The import as it ended. What it got so far is asked after a connection broke, so that nothing is sent twice. */
async function sendFile(sending: Sending, file: FileHandle): Promise<ImportBody> {
  const { context, query, sizeBytes } = sending
  query.set('more', 'true')
  let status = await post(sending, Buffer.alloc(0))
  query.set('id', status.id)
  let toldMs = systemClock.monotonicMs()
  const buffer = Buffer.allocUnsafe(partBytes)
  for (let offset = 0; status.state === 'running';) {
    if (context.stop.aborted) return await request(sending, `s/${status.id}`, { method: 'DELETE' })
    const { bytesRead } = await file.read(buffer, 0, partBytes, offset)
    const isLast = bytesRead === 0 || offset + bytesRead >= sizeBytes
    query.set('offset', String(offset))
    query.set('more', String(!isLast))
    status = await post(sending, buffer.subarray(0, bytesRead))
    offset = status.receivedBytes
    const nowMs = systemClock.monotonicMs()
    if (nowMs - toldMs < progressEveryMs) continue
    toldMs = nowMs
    context.complain(`${megabytes(status.receivedBytes)} of ${megabytes(sizeBytes)} MB; ${countsOf(status)}`)
  }
  return status
}

async function post(sending: Sending, body: Buffer): Promise<ImportBody> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await request(sending, `?${sending.query.toString()}`, { method: 'POST', body: new Uint8Array(body) })
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== 'unavailable' || attempt >= attemptsMax || sending.context.stop.aborted)
        throw error
      await systemClock.sleep(1000 * (error.retryAfterSec ?? retryAfterMsDefault / 1000), sending.context.stop)
      const id = sending.query.get('id')
      if (id === null) continue
      // The part may have come all the same, or some of it.
      const status = await request(sending, `s/${id}`, { method: 'GET' }).catch(() => null)
      if (status !== null && status.receivedBytes !== Number(sending.query.get('offset'))) return status
    }
  }
}

/** Errors: `import.not_reachable` for what may be tried again, `import.refused`. */
async function request({ base, token }: Sending, path: string, init: RequestInit): Promise<ImportBody> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' }
  const response = await fetch(`${base}${path}`, { ...init, headers }).catch((cause: unknown) => {
    throw new AppError(unreachable, { cause })
  })
  const text = await response.text()
  if (response.ok) return importBodySchema.parse(JSON.parse(text))
  const said = /"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? `the answer was ${response.status}`
  if (response.status !== 429 && response.status !== 503) throw new AppError(refusedSpec, { publicText: said })
  throw new AppError(unreachable, { publicText: said, retryAfterSec: Number(response.headers.get('retry-after') ?? 1) })
}

function report(context: CommandContext, ended: ImportBody): number {
  for (const { line, text } of ended.refusedRows) context.complain(`line ${line}: ${text}`)
  const words = { running: 'not finished', done: 'done', cancelled: 'cancelled', interrupted: 'interrupted', failed: 'failed' }
  context.print(`${words[ended.state]}: ${ended.lines} lines; ${countsOf(ended)}`)
  if (ended.failure !== null) context.complain(ended.failure)
  return ended.state === 'done' ? exitGood : exitFailed
}

function countsOf({ stored, duplicates, refused }: ImportBody): string {
  const reasons = Object.entries(refused).map(([reason, count]) => `${reason}: ${count}`)
  const refusedText = reasons.length === 0 ? 'none refused' : `refused ${reasons.join(', ')}`
  return `${stored} samples stored, ${duplicates} there before, ${refusedText}`
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}
