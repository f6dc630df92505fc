/** Damages the last segment of a data directory's ingest log in the ways that disks and file systems do, and says what that costs. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { scanSegment } from '../../apps/server/src/ingest/log/segment-reader.ts'

/** What is done to the bytes, where the last record begins and what is whole before. */
type Damage = (bytes: Buffer, lastRecordAt: number) => Buffer

const middle = (bytes: Buffer, from: number): number => from + Math.floor((bytes.length - from) / 2)

export const damages = {
  truncated: (bytes, lastRecordAt) => bytes.subarray(0, middle(bytes, lastRecordAt)),
  'bits flipped': (bytes, lastRecordAt) => {
    const at = middle(bytes, lastRecordAt)
    bytes.writeUInt8(bytes.readUInt8(at) ^ 0b0101, at)
    return bytes
  },
  'rubbish appended': (bytes) => Buffer.concat([bytes, Buffer.from('neither header nor record '.repeat(40))]),
  'end zeroed': (bytes, lastRecordAt) => Buffer.concat([bytes.fill(0, middle(bytes, lastRecordAt)), Buffer.alloc(8192)]),
} as const satisfies Record<string, Damage>

export type DamageName = keyof typeof damages

export interface Damaged {
  readonly file: string
  /** Samples in records that cannot be read any more. */
  readonly samples: number
}

/** The `nth` segment from the end (0 is the last) of those that hold a record. The program must be down. */
export function damageSegment(dataDir: string, name: DamageName, nth: number): Damaged {
  const folder = join(dataDir, 'ingest-log', 'ready')
  const files = readdirSync(folder)
    .sort()
    .map((file) => join(folder, file))
  const file = files.filter((path) => scanSegment(readFileSync(path), null).records.length > 0).at(-1 - nth)
  if (file === undefined) throw new Error(`no segment ${nth} from the end among ${files.length}`)
  const bytes = readFileSync(file)
  const before = scanSegment(bytes, null)
  const last = before.records.at(-1)
  if (last === undefined) throw new Error(`${file} holds no record`)
  // The record's header stands in front of its payload; the damage begins behind it.
  const damaged = damages[name](Buffer.from(bytes), last.payload.byteOffset - bytes.byteOffset)
  const after = scanSegment(damaged, null)
  writeFileSync(file, damaged)
  return { file, samples: before.rows - after.rows }
}
