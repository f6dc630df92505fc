/** `bellwether send logs FILE`: sends the records of a file as it grows, or those of standard input. */
import { stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { systemClock } from '../kernel/clock.ts'
import { AppError, type ErrorSpec } from '../kernel/errors.ts'
import { exitFailed, exitGood, exitWrongUse, type Command, type CommandContext } from './command.ts'
import { configOption, configOptionHelp, localUrl } from './config-command.ts'
import { deliver, type Delivered, type DeliveryOptions } from './send/deliver.ts'
import { followFile, type RecordsRead } from './send/follow-file.ts'
import { followStream } from './send/follow-stream.ts'
import { lineBody, type LineOrigin } from './send/line-body.ts'
import { placeIn, readKept, writeKept } from './send/place.ts'
import { parseMultiline, type Multiline } from './send/record-joiner.ts'

const unreadable: ErrorSpec = { code: 'send.unreadable', kind: 'not_found', publicText: 'The file cannot be read.' }

/** A request: so many records, or so many bytes. */
const batchRecordsMax = 2000
const batchBytesMax = 1024 * 1024
/** Of one batch, when the file or standard input has an end. */
const attemptsMax = 20
/** The same where nobody answers at all: about a quarter of a minute. */
const unansweredMax = 6

export const sendCommand: Command = {
  usage: 'logs FILE|- [--key KEY] [--service NAME] [--from-start] [--once] [--url URL] ...',
  options: {
    ...configOption,
    url: { type: 'string' },
    key: { type: 'string' },
    service: { type: 'string' },
    host: { type: 'string' },
    state: { type: 'string' },
    'from-start': { type: 'boolean' },
    once: { type: 'boolean' },
    multiline: { type: 'string' },
  },
  optionHelp: [
    ['FILE', 'followed through rotation and truncation; - is standard input'],
    ['--key KEY', 'ingest key of the project (none is needed on the same machine)'],
    ['--service NAME', 'service of lines that do not name theirs'],
    ['--host NAME', "host of lines that do not name theirs (default: this machine's)"],
    ['--from-start', 'send what is in the file already, when it is sent for the first time'],
    ['--once', 'send the whole file and end, instead of waiting for more'],
    ['--multiline HOW', 'auto: stack traces belong to the line before (default); off; or a pattern of the first line of a record'],
    ['--state FILE', 'where the place in the file is remembered (default: FILE.sent)'],
    ['--url URL', 'where Bellwether listens (default: this machine, at the port of the settings)'],
    configOptionHelp,
  ],
  async run(context) {
    const [what, path, ...more] = context.positionals
    if (what !== 'logs' || path === undefined || more.length > 0) {
      context.complain("bellwether send: say 'send logs FILE'; see --help")
      return exitWrongUse
    }
    const { url } = context.options
    const address = typeof url === 'string' ? url.replace(/\/+$/, '') : localUrl(context)
    if (address === null) return exitFailed
    const multiline = multilineOf(context)
    if (multiline === null) return exitWrongUse
    const sender = new Sender(context, { address, path, multiline })
    try {
      await (path === '-' ? sender.standardInput() : sender.file(resolve(path)))
    } finally {
      context.complain(sender.summary())
    }
    return exitGood
  },
}

function beginning(path: string, offset: number, fromStart: boolean): string {
  return `following ${path} from byte ${offset}${offset > 0 && !fromStart ? '; --from-start sends what is there, the first time' : ''}`
}

/** Null: it is no pattern, and that was said. */
function multilineOf({ options: { multiline }, complain }: CommandContext): Multiline | null {
  const parsed = parseMultiline(typeof multiline === 'string' ? multiline : 'auto')
  if (parsed === null) complain('bellwether send: --multiline is auto, off, or a pattern of the first line of a record')
  return parsed
}

interface SenderOptions {
  readonly address: string
  readonly path: string
  readonly multiline: Multiline
}

class Sender {
  readonly #context: CommandContext
  readonly #delivery: DeliveryOptions
  readonly #origin: LineOrigin
  readonly #multiline: Multiline
  #accepted = 0
  readonly #refused = new Map<string, number>()

  constructor(context: CommandContext, { address, path, multiline }: SenderOptions) {
    const { key, service, host, once } = context.options
    this.#context = context
    this.#multiline = multiline
    this.#origin = {
      service: typeof service === 'string' ? service : null,
      host: typeof host === 'string' ? host : hostname(),
      path: path === '-' ? null : resolve(path),
    }
    this.#delivery = {
      address,
      key: typeof key === 'string' ? key : null,
      clock: systemClock,
      stop: context.stop,
      attemptsMax: once === true || path === '-' ? attemptsMax : Number.POSITIVE_INFINITY,
      // Who waits for the end of it is told soon that there is nobody; a restart takes less.
      unansweredMax: once === true ? unansweredMax : Number.POSITIVE_INFINITY,
      complain: (line) => context.complain(line),
    }
  }

  summary(): string {
    const sent = `${this.#accepted} records sent`
    if (this.#refused.size === 0) return sent
    const reasons = [...this.#refused].map(([reason, rows]) => `${reason} ${rows}`).join(', ')
    const refused = [...this.#refused.values()].reduce((sum, rows) => sum + rows, 0)
    return `${sent}, ${refused} refused (${reasons}; Data, Refused shows examples)`
  }

  /** What was sent and acknowledged is not sent again; what was sent and not acknowledged is. */
  async file(path: string): Promise<void> {
    const { state, once } = this.#context.options
    const statePath = typeof state === 'string' ? state : `${path}.sent`
    await this.#mustBeReadable(path)
    const read = followFile({
      path,
      clock: systemClock,
      stop: this.#context.stop,
      ...(await readKept(statePath)),
      fromStart: this.#context.options['from-start'] === true,
      once: once === true,
      multiline: this.#multiline,
      complain: (line) => this.#context.complain(line),
    })
    let isFirst = true
    for await (const part of read) {
      if (isFirst && once !== true) this.#context.complain(beginning(path, part.offset, this.#context.options['from-start'] === true))
      isFirst = false
      await this.#records(part.records)
      await this.#remember(statePath, part)
    }
  }

  async standardInput(): Promise<void> {
    const { stop } = this.#context
    // It may have been told to stop while it was loaded.
    if (stop.aborted) return
    stop.addEventListener('abort', () => void process.stdin.destroy(), { once: true })
    const read = followStream({ stream: process.stdin, clock: systemClock, stop, multiline: this.#multiline })
    for await (const records of read) await this.#records(records)
  }

  /** A file that is not there yet is waited for; one that may not be read is not. */
  async #mustBeReadable(path: string): Promise<void> {
    const found = await stat(path).catch(() => null)
    if (found?.isDirectory() === true) throw new AppError(unreadable, { publicText: `${path} is a folder.` })
    if (found === null && this.#context.options['once'] === true) throw new AppError(unreadable, { publicText: `${path} cannot be read.` })
  }

  async #remember(statePath: string, { file, offset, done }: RecordsRead): Promise<void> {
    try {
      await writeKept(statePath, { place: await placeIn(file, offset), done })
    } catch (cause) {
      throw new AppError(unreadable, {
        publicText: `The place in the file cannot be kept in ${statePath}.`,
        hint: 'Name another file with --state.',
        cause,
      })
    }
  }

  async #records(records: readonly Buffer[]): Promise<void> {
    let batch: string[] = []
    let sizeBytes = 0
    for (const record of records) {
      const body = lineBody(record, this.#origin)
      if (batch.length > 0 && (batch.length >= batchRecordsMax || sizeBytes + body.length > batchBytesMax)) {
        this.#count(await deliver(batch, this.#delivery))
        batch = []
        sizeBytes = 0
      }
      batch.push(body)
      sizeBytes += body.length
    }
    if (batch.length > 0) this.#count(await deliver(batch, this.#delivery))
  }

  #count({ accepted, refused }: Delivered): void {
    this.#accepted += accepted
    for (const [reason, rows] of refused) this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + rows)
  }
}
