/**
 * Segments that the stores refuse for ever: `dead/<lane>-<sequence>.seg` with its reason in a `.json` beside it. The description
 * is written first and the file is moved second, so a crash between leaves the segment in its lane, to be refused again.
 * A replay moves the file back under a new number; its token stays, so tables that had taken it do not take it twice.
 */
import { join } from 'node:path'
import { z } from 'zod'
import type { Logger } from '../../kernel/log.ts'
import { deadLetterReasonCharsMax, deadLettersListedMax, deadLetterTenantsMax } from '../limits.ts'
import type { DeadLetter, DeadLetterTenant, Kind, LogRecord } from '../ports.ts'
import { replaceFile } from './log-identity.ts'
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
  tenants: z.array(z.object({ organizationId: z.number(), projectId: z.number(), kind: z.enum(['metrics']), rows: z.number() })),
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
    const id = `${segment.lane}-${String(segment.sequence).padStart(16, '0')}`
    let tenants: DeadLetterTenant[] = []
    try {
      tenants = tenantsOf(await segment.read())
    } catch (error) {
      this.#logger.warn('dead letter cannot be read to describe it', { id, error: String(error) })
    }
    const letter: DeadLetter = {
      id,
      lane: segment.lane,
      token: segment.token,
      reason: reason.slice(0, deadLetterReasonCharsMax),
      buriedAtMs: nowMs,
      rows: segment.rows,
      records: segment.recordCount,
      sizeBytes: segment.sizeBytes,
      tenants,
    }
    await replaceFile(this.#files, this.#directory, this.#descriptionPath(id), Buffer.from(`${JSON.stringify(letter)}\n`, 'utf8'))
    await this.#files.rename(segment.path, join(this.#directory, `${id}.seg`))
    await this.#files.syncDirectory(this.#directory)
    await this.#files.syncDirectory(laneDirectory)
    await this.#bound()
    return letter
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
