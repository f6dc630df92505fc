/**
 * Segments that the stores refuse for ever: `dead/<lane>-<sequence>.seg` with its reason in a `.json` beside it. The description
 * is written first and the file is moved second, so a crash between leaves the segment in its lane, to be refused again.
 * A replay moves the file back under a new number; its token stays, so tables that had taken it do not take it twice. Some records of a
 * segment are a letter with a token of its own: the segment's was used for the others.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import type { Logger } from '../../kernel/log.ts'
import { deadLetterReasonCharsMax, deadLettersListedMax, deadLetterTenantsMax } from '../limits.ts'
import { type DeadLetter, type DeadLetterTenant, type Kind, type LogRecord, kinds } from '../ports.ts'
import { recordBytes } from './lane-log.ts'
import { replaceFile } from './log-identity.ts'
import type { SegmentIdentity } from './record-codec.ts'
import { encodeRecordHeader, encodeSegmentHeader, segmentHeaderBytes, segmentSeed, segmentToken } from './record-codec.ts'
import type { SpoolFiles } from './spool-files.ts'
import { systemCode } from './spool-files.ts'
import type { StoredSegment } from './stored-segment.ts'

const description = z.object({
  token: z.string(),
  reason: z.string(),
  buriedAtMs: z.number(),
  rows: z.number(),
  records: z.number(),
  sizeBytes: z.number(),
  tenants: z.array(z.object({ organizationId: z.number(), projectId: z.number(), kind: z.enum(kinds), rows: z.number() })),
})

const idPattern = /^(ready|raw|low)-\d{16}$/

export class DeadLetterFiles {
  readonly #files: SpoolFiles
  readonly #directory: string
  readonly #bytesMax: number
  readonly #logger: Logger

  constructor(deps: { files: SpoolFiles; directory: string; bytesMax: number; logger: Logger }) {
    this.#files = deps.files
    this.#directory = deps.directory
    this.#bytesMax = deps.bytesMax
    this.#logger = deps.logger
  }

  pathOf(id: string): string | null {
    return idPattern.test(id) ? join(this.#directory, `${id}.seg`) : null
  }

  /** Moves a segment's file here. `laneDirectory` is where it was. */
  async bury(segment: StoredSegment, laneDirectory: string, reason: string, nowMs: number): Promise<DeadLetter> {
    const id = letterId(segment)
    let tenants: DeadLetterTenant[] = []
    try {
      tenants = tenantsOf(await segment.read())
    } catch (error) {
      this.#logger.warn('dead letter cannot be read to describe it', { id, error: String(error) })
    }
    const { lane, token, rows, sizeBytes, recordCount: records } = segment
    const letter: DeadLetter = { id, lane, token, reason: shortened(reason), buriedAtMs: nowMs, rows, records, sizeBytes, tenants }
    await this.#writeDescription(letter)
    await this.#files.rename(segment.path, join(this.#directory, `${id}.seg`))
    await this.#files.syncDirectory(this.#directory)
    await this.#files.syncDirectory(laneDirectory)
    await this.#bound()
    return letter
  }

  /** Keeps some records of a segment, whose own file stays where it is. Said again, as after a crash, it makes the same letter. */
  async buryPart(
    segment: StoredSegment,
    { records, reason }: { records: readonly LogRecord[]; reason: string },
    nowMs: number,
  ): Promise<void> {
    const id = letterId(segment)
    const identity = partIdentity(segment)
    const bytes = segmentBytes(identity, segment.createdMs, records)
    const letter: DeadLetter = {
      id,
      lane: segment.lane,
      token: segmentToken(identity),
      reason: shortened(reason),
      buriedAtMs: nowMs,
      rows: records.reduce((sum, record) => sum + record.rows, 0),
      records: records.length,
      sizeBytes: bytes.length,
      tenants: tenantsOf(records),
    }
    await this.#writeDescription(letter)
    await replaceFile(this.#files, this.#directory, join(this.#directory, `${id}.seg`), bytes)
    await this.#bound()
  }

  /** Oldest first, at most `deadLettersListedMax`. */
  async list(): Promise<DeadLetter[]> {
    const names = new Set(await this.#files.list(this.#directory))
    const letters: DeadLetter[] = []
    for (const name of [...names].sort()) {
      const id = name.endsWith('.seg') ? name.slice(0, -4) : ''
      if (!idPattern.test(id)) continue
      letters.push((names.has(`${id}.json`) ? await this.#describe(id) : null) ?? unknownLetter(id))
      if (letters.length >= deadLettersListedMax) break
    }
    return letters.sort((a, b) => a.buriedAtMs - b.buriedAtMs)
  }

  /** Descriptions without a segment: the move never happened. */
  async removeOrphans(): Promise<void> {
    const names = new Set(await this.#files.list(this.#directory))
    for (const name of names) {
      const orphan = name.endsWith('.new') || (name.endsWith('.json') && !names.has(`${name.slice(0, -5)}.seg`))
      if (orphan) await this.#files.unlink(join(this.#directory, name))
    }
  }

  /** Forgets a letter's description after its segment went back to a lane. */
  async forgetDescription(id: string): Promise<void> {
    await this.#unlinkIfThere(this.#descriptionPath(id))
  }

  /** Deletes a letter for good. */
  async discard(id: string): Promise<void> {
    await this.#unlinkIfThere(join(this.#directory, `${id}.seg`))
    await this.#unlinkIfThere(this.#descriptionPath(id))
  }

  #writeDescription(letter: DeadLetter): Promise<void> {
    return replaceFile(this.#files, this.#directory, this.#descriptionPath(letter.id), Buffer.from(`${JSON.stringify(letter)}\n`, 'utf8'))
  }

  async #bound(): Promise<void> {
    const letters = await this.list()
    let bytes = letters.reduce((sum, letter) => sum + letter.sizeBytes, 0)
    for (const letter of letters) {
      if (bytes <= this.#bytesMax) return
      this.#logger.error('dead letters exceed their size; the oldest is deleted', {
        id: letter.id,
        rows: letter.rows,
        reason: letter.reason,
      })
      await this.discard(letter.id)
      bytes -= letter.sizeBytes
    }
  }

  #descriptionPath(id: string): string {
    return join(this.#directory, `${id}.json`)
  }

  async #describe(id: string): Promise<DeadLetter | null> {
    try {
      const value: unknown = JSON.parse(Buffer.from(await this.#files.read(this.#descriptionPath(id))).toString('utf8'))
      const letter = description.safeParse(value).data
      return letter === undefined ? null : { ...letter, id, lane: laneOfId(id) }
    } catch {
      return null
    }
  }

  async #unlinkIfThere(path: string): Promise<void> {
    try {
      await this.#files.unlink(path)
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error
    }
  }
}

function letterId({ lane, sequence }: StoredSegment): string {
  return `${lane}-${String(sequence).padStart(16, '0')}`
}

function shortened(reason: string): string {
  return reason.slice(0, deadLetterReasonCharsMax)
}

/** As of a log of its own, made of the segment's token: the same whenever it is asked for, and no other segment's. */
function partIdentity({ identity, token }: StoredSegment): SegmentIdentity {
  return { ...identity, logId: createHash('sha256').update(`part of ${token}`).digest('hex').slice(0, identity.logId.length) }
}

function segmentBytes(identity: SegmentIdentity, createdMs: number, records: readonly LogRecord[]): Buffer {
  const seed = segmentSeed(identity)
  const buffers: Uint8Array[] = [encodeSegmentHeader({ ...identity, createdMs })]
  let position = segmentHeaderBytes
  for (const record of records) {
    buffers.push(encodeRecordHeader(record, position, seed), record.payload)
    position += recordBytes(record)
  }
  return Buffer.concat(buffers)
}

function laneOfId(id: string): DeadLetter['lane'] {
  if (id.startsWith('ready')) return 'ready'
  return id.startsWith('raw') ? 'raw' : 'low'
}

function unknownLetter(id: string): DeadLetter {
  const lane = laneOfId(id)
  return {
    id,
    lane,
    token: '',
    reason: 'unknown: the description is missing',
    buriedAtMs: 0,
    rows: 0,
    records: 0,
    sizeBytes: 0,
    tenants: [],
  }
}

/** Rows by tenant and kind, the largest first. */
export function tenantsOf(records: readonly LogRecord[], countMax: number = deadLetterTenantsMax): DeadLetterTenant[] {
  const byKey = new Map<string, { organizationId: number; projectId: number; kind: Kind; rows: number }>()
  for (const { tenant, kind, rows } of records) {
    const key = `${tenant.organizationId}/${tenant.projectId}/${kind}`
    const entry = byKey.get(key)
    if (entry === undefined) byKey.set(key, { organizationId: tenant.organizationId, projectId: tenant.projectId, kind, rows })
    else entry.rows += rows
  }
  return [...byKey.values()].sort((a, b) => b.rows - a.rows).slice(0, countMax)
}
