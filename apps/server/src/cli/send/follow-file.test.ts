import { appendFile, copyFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../kernel/clock.ts'
import { followFile } from './follow-file.ts'
import { placeIn, type Kept } from './place.ts'
import type { Multiline } from './record-joiner.ts'

let folder = ''
let path = ''
let said: string[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'follow-'))
  path = join(folder, 'r.log')
  said = []
})
afterEach(() => rm(folder, { recursive: true }))

const nothing: Kept = { place: null, done: [] }
const head = 'x'.repeat(300)

interface Following {
  readonly fromStart?: boolean
  readonly once?: boolean
  readonly stop?: AbortSignal
  readonly multiline?: Multiline
  readonly clock?: Pick<Clock, 'sleep'>
}

function follow(kept: Kept, options: Following = {}) {
  const { fromStart = true, once = true, stop = new AbortController().signal, multiline = 'off', clock = systemClock } = options
  return followFile({ path, clock, stop, ...kept, fromStart, once, multiline, complain: (line) => said.push(line) })
}

/** All lines, and what is remembered at the end. */
async function readOn(kept: Kept): Promise<{ lines: string[]; kept: Kept }> {
  const lines: string[] = []
  let now = kept
  for await (const part of follow(kept)) {
    lines.push(...part.records.map(String))
    now = { place: await placeIn(part.file, part.offset), done: [...part.done] }
  }
  return { lines, kept: now }
}

/** Each file is written to later than the one before. */
async function rotate(text: string): Promise<void> {
  await rename(`${path}.1`, `${path}.2`).catch(() => undefined)
  await rename(path, `${path}.1`)
  await sleep(20)
  await writeFile(path, text)
}

describe('followFile', () => {
  it('reads every file of two rotations between two runs, in order and once', async () => {
    await writeFile(path, 'a1\n')
    const first = await readOn(nothing)
    expect(first.lines).toEqual(['a1'])
    await appendFile(path, 'a2\n')
    await rotate('b1\n')
    await rotate('c1\n')
    const second = await readOn(first.kept)
    expect(second.lines).toEqual(['a2', 'b1', 'c1'])
    await appendFile(path, 'c2\n')
    expect((await readOn(second.kept)).lines).toEqual(['c2'])
    expect(said).toEqual([])
  })

  it('reads every file of two rotations during one batch', async () => {
    const stop = new AbortController()
    await writeFile(path, 'a1\n')
    const lines: string[] = []
    for await (const part of follow(nothing, { once: false, stop: stop.signal })) {
      lines.push(...part.records.map(String))
      if (part.records.length > 0 && lines.length === 1) {
        await rotate('b1\n')
        await rotate('c1\n')
      }
      if (lines.length >= 3) stop.abort()
    }
    expect(lines).toEqual(['a1', 'b1', 'c1'])
  })

  it('begins behind what was there before, whatever lies beside it', async () => {
    await writeFile(`${path}.1`, 'old\n')
    await sleep(20)
    await writeFile(path, 'a1\n')
    const first = await readOn(nothing)
    await rotate('b1\n')
    expect((await readOn(first.kept)).lines).toEqual(['b1'])
  })

  it('goes on in the file after one that is gone, and says so', async () => {
    await writeFile(path, 'a1\n')
    const { kept } = await readOn(nothing)
    await rotate('b1\n')
    await rotate('c1\n')
    await rm(`${path}.2`)
    expect((await readOn(kept)).lines).toEqual(['b1', 'c1'])
    expect(said).toEqual(['the file that was being read is gone or was cut short: what came behind its byte 3 is not sent'])
  })

  it('goes on in the copy of a file that was copied and cut short', async () => {
    await writeFile(path, `${head}\n`)
    const { kept } = await readOn(nothing)
    await appendFile(path, 'a2\n')
    await copyFile(path, `${path}.1`)
    await truncate(path)
    await appendFile(path, 'b1\n')
    expect((await readOn(kept)).lines).toEqual(['a2', 'b1'])
    expect(said).toEqual([])
  })

  it('says which packed file it cannot read', async () => {
    await writeFile(path, 'a1\n')
    const { kept } = await readOn(nothing)
    await rotate('b1\n')
    await rename(`${path}`, `${path}.2.gz`)
    await writeFile(path, 'c1\n')
    expect((await readOn(kept)).lines).toEqual(['c1'])
    expect(said).toEqual([`${path}.2.gz is packed: lines of it that were not sent before are not sent`])
  })

  it('gives a whole line when no other has come for a while, whatever half a line stands behind it', async () => {
    const stop = new AbortController()
    await writeFile(path, 'ERROR out of disk, giving up\nshutting d')
    const given: [string, number][] = []
    for await (const part of follow(nothing, { once: false, stop: stop.signal, multiline: 'auto' })) {
      for (const record of part.records) given.push([record.toString(), part.offset])
      if (part.records.length > 0 && given.length === 1) await appendFile(path, 'own\n and')
      if (given.length === 2) stop.abort()
    }
    // The place is behind the line, so that nothing is lost of the half.
    expect(given).toEqual([
      ['ERROR out of disk, giving up', 29],
      ['shutting down', 43],
    ])
  })

  it('is not held up by half a line that goes on and on', async () => {
    const stop = new AbortController()
    await writeFile(path, 'copying\n')
    const given: string[] = []
    // Each look at the file finds another piece of it.
    const clock = { sleep: () => appendFile(path, '.') }
    for await (const part of follow(nothing, { once: false, stop: stop.signal, multiline: 'auto', clock })) {
      given.push(...part.records.map(String))
      if (given.length > 0) stop.abort()
    }
    expect(given).toEqual(['copying'])
  })
})
