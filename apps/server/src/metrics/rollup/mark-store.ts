/**
 * Marks and progress of rollups in the engine: one small table to which rows are only added, numbered by round. A mark holds until a
 * round with a higher number is done with it; the newest snapshot stands for everything before it. Format: docs/formats/rollups.md.
 */
import { randomUUID } from 'node:crypto'

import { encodeNativeBlock, type ClickHouse, type NativeColumn } from '../../engines/index.ts'
import { int64At, putInt64 } from '../samples/sample-value.ts'
import type { HourMask } from './marks.ts'

const kinds = { mark: 1, begin: 2, done: 3, closed: 4, snapshot: 5 } as const

/** Rounds whose rows lie in one partition. */
export const roundsPerPartition = 1000

/** Where an earlier life of the program left off. */
export interface RollupProgress {
  /** Highest number in use; 0 when there was no life before. */
  readonly seq: number
  /** Null when nothing was ever made. */
  readonly closedMs: number | null
  readonly late: readonly HourMask[]
}

interface MarkRow {
  readonly kind: number
  readonly mark: HourMask | null
  readonly closedMs: number
}

type Engine = Pick<ClickHouse, 'insertNative' | 'queryNative' | 'command'>

export class MarkStore {
  readonly #engine: Engine

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Errors: the engine's. */
  async load(signal: AbortSignal): Promise<RollupProgress> {
    const sql = `SELECT seq, kind, org, project, hour, mask, closed_ms FROM rollup_marks
      WHERE seq >= (SELECT max(seq) FROM rollup_marks WHERE kind = ${kinds.snapshot}) ORDER BY seq, kind`
    const progress = new ProgressReader()
    for await (const { rows, columns } of this.#engine.queryNative({ sql, class: 'internal', signal })) {
      const [seq, kind, org, project, hour, mask, closed] = columns
      if (seq?.kind !== 'u32' || kind?.kind !== 'u8' || org?.kind !== 'u32' || project?.kind !== 'u32' || hour?.kind !== 'u32')
        throw new Error('unexpected columns of rollup marks')
      if (mask?.kind !== 'u32' || closed?.kind !== 'w64') throw new Error('unexpected columns of rollup marks')
      for (let row = 0; row < rows; row++) {
        const tenant = { organizationId: org.data[row]!, projectId: project.data[row]! }
        const mark = { tenant, hour: hour.data[row]!, mask: mask.data[row]! }
        progress.add(seq.data[row]!, kind.data[row]!, mark, int64At(closed.data, row))
      }
    }
    return progress.finish()
  }

  /** Marks noted while round `seq` was the newest. */
  async mark(seq: number, marks: readonly HourMask[]): Promise<void> {
    await this.#insert(
      seq,
      marks.map((mark) => ({ kind: kinds.mark, mark, closedMs: 0 })),
    )
  }

  /** From here on the number is taken: rows of a later round win over those of this one. */
  async begin(seq: number): Promise<void> {
    await this.#insert(seq, [{ kind: kinds.begin, mark: null, closedMs: 0 }])
  }

  /** Strikes out the marks of earlier rounds and says up to where everything is made. */
  async done(seq: number, made: readonly HourMask[], closedMs: number): Promise<void> {
    const rows = made.map((mark): MarkRow => ({ kind: kinds.done, mark, closedMs: 0 }))
    await this.#insert(seq, [...rows, { kind: kinds.closed, mark: null, closedMs }])
  }

  /** Says everything anew under `seq`, which no row has yet, and forgets older rows. */
  async snapshot(seq: number, marks: readonly HourMask[], closedMs: number): Promise<void> {
    const rows = marks.map((mark): MarkRow => ({ kind: kinds.mark, mark, closedMs: 0 }))
    await this.#insert(seq, [...rows, { kind: kinds.snapshot, mark: null, closedMs }])
    const sql = `SELECT DISTINCT intDiv(seq, ${roundsPerPartition}) FROM rollup_marks WHERE seq < ${seq - (seq % roundsPerPartition)}`
    const partitions: number[] = []
    for await (const { rows: count, columns } of this.#engine.queryNative({ sql, class: 'internal' })) {
      const [partition] = columns
      for (let row = 0; row < count; row++) if (partition?.kind === 'u32') partitions.push(partition.data[row]!)
    }
    for (const partition of partitions) await this.#engine.command(`ALTER TABLE rollup_marks DROP PARTITION ${partition}`)
  }

  async #insert(seq: number, rows: readonly MarkRow[]): Promise<void> {
    const u32 = (pick: (row: MarkRow) => number): NativeColumn => ({ kind: 'u32', data: Uint32Array.from(rows, pick) })
    const closed = new Uint32Array(rows.length * 2)
    rows.forEach(({ closedMs }, row) => putInt64(closed, row, closedMs))
    const body = encodeNativeBlock(rows.length, [
      { name: 'seq', type: 'UInt32', values: u32(() => seq) },
      { name: 'kind', type: 'UInt8', values: { kind: 'u8', data: Uint8Array.from(rows, ({ kind }) => kind) } },
      { name: 'org', type: 'UInt32', values: u32(({ mark }) => mark?.tenant.organizationId ?? 0) },
      { name: 'project', type: 'UInt32', values: u32(({ mark }) => mark?.tenant.projectId ?? 0) },
      { name: 'hour', type: 'UInt32', values: u32(({ mark }) => mark?.hour ?? 0) },
      { name: 'mask', type: 'UInt32', values: u32(({ mark }) => mark?.mask ?? 0) },
      { name: 'closed_ms', type: 'Int64', values: { kind: 'w64', signed: true, data: closed } },
    ])
    const columns = ['seq', 'kind', 'org', 'project', 'hour', 'mask', 'closed_ms']
    // Repeating any of these rows changes nothing, so no insert may be taken for another's repetition.
    await this.#engine.insertNative({ table: 'rollup_marks', columns, body: [body], token: `rollup-marks-${randomUUID()}` })
  }
}

/** Rows in the order of their numbers; of one number marks come after what the round before them struck out. */
class ProgressReader {
  #seq = 0
  #closedMs: number | null = null
  readonly #late = new Map<string, { mark: HourMask; seqs: Uint32Array }>()

  add(seq: number, kind: number, mark: HourMask, closedMs: number): void {
    this.#seq = Math.max(this.#seq, seq)
    if (kind === kinds.closed || kind === kinds.snapshot) this.#closedMs = Math.max(this.#closedMs ?? -Infinity, closedMs)
    if (kind !== kinds.mark && kind !== kinds.done) return
    const key = `${mark.tenant.organizationId}/${mark.tenant.projectId}/${mark.hour}`
    let known = this.#late.get(key)
    if (known === undefined) this.#late.set(key, (known = { mark, seqs: new Uint32Array(32) }))
    for (let bit = 0; mark.mask >> bit !== 0; bit++) {
      if (((mark.mask >> bit) & 1) === 0) continue
      if (kind === kinds.mark) known.seqs[bit] = seq
      else if (known.seqs[bit]! < seq) known.seqs[bit] = 0
    }
  }

  finish(): RollupProgress {
    const late: HourMask[] = []
    for (const { mark, seqs } of this.#late.values()) {
      const mask = seqs.reduce((bits, seq, bit) => (seq === 0 ? bits : bits | (1 << bit)), 0)
      if (mask !== 0) late.push({ ...mark, mask })
    }
    return { seq: this.#seq, closedMs: this.#closedMs, late }
  }
}
