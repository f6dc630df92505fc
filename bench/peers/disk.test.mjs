/** Parts that a merge has replaced are told from those that count. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bellwetherDisk, diskBytes } from './disk.mjs'

let folder
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-disk-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Blocks of the file system are larger; whole ones make the sums exact. */
const blockBytes = 4096

function writePart(table, name, columns) {
  const part = join(folder, 'clickhouse/store/store/abc', table, name)
  mkdirSync(part, { recursive: true })
  for (const [column, blocks] of Object.entries(columns)) writeFileSync(join(part, `${column}.bin`), Buffer.alloc(blocks * blockBytes, 1))
}

test('a part of a higher level that covers others replaces them, in its partition only', () => {
  writePart('one', '202646_1_1_0', { ts: 1, i: 2 })
  writePart('one', '202646_2_2_0', { ts: 1, i: 2 })
  writePart('one', '202646_1_2_1', { ts: 1, i: 3 })
  writePart('one', '202646_3_3_0', { ts: 1 })
  writePart('one', '202647_1_1_0', { ts: 1 })
  mkdirSync(join(folder, 'clickhouse/store/data/bellwether'), { recursive: true })
  symlinkSync(join(folder, 'clickhouse/store/store/abc/one'), join(folder, 'clickhouse/store/data/bellwether/samples'))
  const disk = bellwetherDisk(folder)
  expect(disk).toMatchObject({
    samplesParts: 3,
    samplesBytes: 6 * blockBytes,
    replacedBytes: 6 * blockBytes,
    columns: { ts: 3 * blockBytes, i: 3 * blockBytes },
  })
  expect(disk.allBytes).toBeGreaterThanOrEqual(12 * blockBytes)
  expect(diskBytes(folder)).toBe(disk.allBytes)
})
