/** The spool in a process that is killed, or whose writes the system refuses: everything acknowledged is there, once. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openSpool } from '../../../apps/server/src/ingest/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'

const script = fileURLToPath(new URL('./append-until-killed.mjs', import.meta.url))
const modules = new URL('../../../apps/server/dist', import.meta.url).href

class Folder implements AsyncDisposable {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  static async make(): Promise<Folder> {
    return new Folder(await mkdtemp(join(tmpdir(), 'bellwether-spool-')))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.path, { recursive: true })
  }
}

interface Answers {
  readonly acknowledged: number[]
  readonly refused: number[]
}

/** Runs the program; kills it once it has acknowledged `killAfter` records, or lets it end. */
async function run(command: readonly string[], killAfter: number | null): Promise<Answers> {
  const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] })
  const answers: Answers = { acknowledged: [], refused: [] }
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    if (line === 'ready') return
    if (line.startsWith('refused ')) answers.refused.push(Number(line.slice(8)))
    else answers.acknowledged.push(Number(line))
    if (answers.acknowledged.length === killAfter) child.kill('SIGKILL')
  })
  const [, [code]] = await Promise.all([once(lines, 'close'), once(child, 'exit')])
  if (killAfter === null) expect(code).toBe(0)
  return answers
}

async function readBack(directory: string): Promise<Map<number, number>> {
  await using log = await openSpool({ directory, sizeBytesMax: 1e9, diskReserveBytes: 0, clock: systemClock, logger: silentLogger })
  const seen = new Map<number, number>()
  for await (const { record } of log.recoveredRecords()) {
    const text = Buffer.from(record.payload).toString('utf8')
    const number = Number(text.split(' ')[0])
    expect(text).toBe(`${number} ${'.'.repeat(number % 1500)}`)
    seen.set(number, (seen.get(number) ?? 0) + 1)
  }
  expect(log.counts()).toMatchObject({ damagedFiles: 0 })
  return seen
}

test('12 times SIGKILL while appending: every acknowledged record is there once', async () => {
  await using folder = await Folder.make()
  const acknowledged: number[] = []
  for (let round = 0; round < 12; round++) {
    const first = round * 1_000_000
    const { acknowledged: more } = await run([process.execPath, script, modules, folder.path, String(first)], 1 + round * 30)
    acknowledged.push(...more)
  }
  expect(acknowledged.length).toBeGreaterThan(500)
  const seen = await readBack(folder.path)
  expect(acknowledged.filter((number) => seen.get(number) !== 1)).toEqual([])
  expect([...seen.values()].filter((count) => count !== 1)).toEqual([])
})

test('the system refuses writes in the middle (file size limit): refused records are gone, the others are there', async () => {
  await using folder = await Folder.make()
  // 40 blocks of 1,024 bytes a file: about every 55th record meets a short write and then EFBIG.
  const command = `ulimit -f 40; exec "${process.execPath}" "${script}" "${modules}" "${folder.path}" 0 3000`
  const { acknowledged, refused } = await run(['bash', '-c', command], null)
  expect(acknowledged.length + refused.length).toBe(3000)
  expect(acknowledged.length).toBeGreaterThan(1000)
  expect(refused.length).toBeGreaterThan(10)
  const seen = await readBack(folder.path)
  expect([...seen.keys()].sort((a, b) => a - b)).toEqual(acknowledged.sort((a, b) => a - b))
})
