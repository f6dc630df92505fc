/**
 * The log's random id and the sequence numbers of its lanes (`log.json`). Numbers are reserved in blocks before they are used,
 * so that none is ever used twice, not even when every segment file is gone. A lost or damaged file gives a new id: tokens
 * then differ, and segments already on disk keep theirs, because each carries it in its own header.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import type { Logger } from '../../kernel/log.ts'
import { sequenceBlock } from '../limits.ts'
import type { Lane } from '../ports.ts'
import type { SpoolFiles } from './spool-files.ts'
import { systemCode, writeFully } from './spool-files.ts'

const fileName = 'log.json'

const sequence = z.number().int().min(0)

const identityFile = z.object({
  format: z.literal(1),
  logId: z.string().regex(/^[0-9a-f]{16}$/),
  /** Highest number that may have been used, by lane. */
  reserved: z.object({ ready: sequence, raw: sequence, low: sequence }),
  crc: z.number(),
})

type Identity = Pick<z.infer<typeof identityFile>, 'logId' | 'reserved'>

/** A number that rotted to a smaller one would repeat tokens, and the engine would take new data for old. */
function checksum({ logId, reserved }: Identity): number {
  return crc32(`${logId} ${reserved.ready} ${reserved.raw} ${reserved.low}`)
}

function parseIdentity(text: string): Identity | null {
  try {
    const file = identityFile.safeParse(JSON.parse(text)).data
    return file !== undefined && file.crc === checksum(file) ? file : null
  } catch {
    return null
  }
}

export class LogIdentity {
  readonly logId: string
  readonly #files: SpoolFiles
  readonly #directory: string
  #reserved: Record<Lane, number>
  readonly #last: Record<Lane, number>
  /** Writes of the file, one after the other. */
  #saving: Promise<void> = Promise.resolve()

  private constructor(files: SpoolFiles, directory: string, logId: string, reserved: Readonly<Record<Lane, number>>) {
    this.#files = files
    this.#directory = directory
    this.logId = logId
    this.#reserved = { ...reserved }
    this.#last = { ...reserved }
  }

  /** Reads the file or makes one. `random` gives 16 hexadecimal digits. */
  static async open(files: SpoolFiles, directory: string, logger: Logger, random = randomLogId): Promise<LogIdentity> {
    let text: string | null = null
    try {
      text = Buffer.from(await files.read(join(directory, fileName))).toString('utf8')
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error
    }
    const found = text === null ? null : parseIdentity(text)
    if (found !== null) return new LogIdentity(files, directory, found.logId, found.reserved)
    if (text !== null) logger.warn('ingest log identity file is damaged; the log goes on under a new id', { directory })
    const identity = new LogIdentity(files, directory, random(), { ready: 0, raw: 0, low: 0 })
    await identity.#save()
    return identity
  }

  /** Numbers up to `sequence` are taken: a file with it was found. */
  raise(lane: Lane, sequence: number): void {
    this.#last[lane] = Math.max(this.#last[lane], sequence)
  }

  /** The next number of the lane; rejects when a new block cannot be reserved durably. */
  async next(lane: Lane): Promise<number> {
    const wanted = this.#last[lane] + 1
    if (wanted > this.#reserved[lane]) {
      const before = this.#reserved[lane]
      this.#reserved[lane] = wanted + sequenceBlock - 1
      try {
        await this.#save()
      } catch (error) {
        this.#reserved[lane] = before
        throw error
      }
    }
    this.#last[lane] = Math.max(this.#last[lane] + 1, wanted)
    return this.#last[lane]
  }

  #save(): Promise<void> {
    const done = this.#saving.then(() => this.#write())
    this.#saving = done.catch(() => undefined)
    return done
  }

  async #write(): Promise<void> {
    const identity: Identity = { logId: this.logId, reserved: { ...this.#reserved } }
    const content = { format: 1, ...identity, crc: checksum(identity) }
    const path = join(this.#directory, fileName)
    await replaceFile(this.#files, this.#directory, path, Buffer.from(`${JSON.stringify(content)}\n`, 'utf8'))
  }
}

function randomLogId(): string {
  return randomBytes(8).toString('hex')
}

/** Puts a small file in place atomically and durably: the old content or the new one, never a piece. */
export async function replaceFile(files: SpoolFiles, directory: string, path: string, content: Uint8Array): Promise<void> {
  const temporary = `${path}.new`
  try {
    await files.unlink(temporary)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
  const file = await files.create(temporary)
  try {
    await writeFully(file, [content], 0)
    await file.dataSync()
  } finally {
    await file.close()
  }
  await files.rename(temporary, path)
  await files.syncDirectory(directory)
}
