/**
 * `bellwether promql test`: the language over the real store, from memory and from ClickHouse alone, where push-down takes part.
 * The repository's own case files always; Prometheus' files as well when `../shared/promqltest` is beside the repository.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import ledger from '../conformance/promql/ledger.json' with { type: 'json' }
import { runBellwether } from '../support/bellwether.ts'

const root = resolve(import.meta.dirname, '../..')
const ownFolder = join(root, 'test/conformance/promql/cases')
const sharedFolder = resolve(root, '../shared/promqltest')

function filesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.test'))
    .map((name) => join(folder, name))
}

async function run(...args: string[]): Promise<{ code: number | null; lastLine: string; errors: string }> {
  const program = runBellwether(['promql', 'test', ...args])
  const code = await program.exited
  return { code, lastLine: program.stdout().trim().split('\n').at(-1) ?? '', errors: program.stderr() }
}

describe.each(['memory', 'engine'])('read from %s', (storage) => {
  test('our own cases pass', async () => {
    const { code, lastLine, errors } = await run('--storage', storage, ...filesIn(ownFolder))
    expect(errors).toBe('')
    expect(lastLine).toMatch(/^[1-9]\d* passed, 0 failed$/)
    expect(code).toBe(0)
  })

  test.skipIf(!existsSync(sharedFolder))("Prometheus' files pass as the ledger says", async () => {
    const totals = Object.values(ledger)
    const passed = totals.reduce((sum, file) => sum + file.passed, 0)
    const failed = totals.reduce((sum, file) => sum + file.failed, 0)
    const { lastLine, errors } = await run('--storage', storage, ...filesIn(sharedFolder))
    expect(lastLine, errors).toBe(`${passed} passed, ${failed} failed`)
  })
})

test('a case that is wrong fails, with its line, and so does the command', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'bw-promql-')), 'wrong.test')
  writeFileSync(file, 'load 1m\n  up 1 2 3\n\neval instant at 2m up\n  up 4\n')
  const { code, lastLine, errors } = await run('--storage', 'evaluator', file)
  expect({ code, lastLine }).toEqual({ code: 1, lastLine: '0 passed, 1 failed' })
  expect(errors).toContain('wrong.test:4')
})

test('no file is wrong use', async () => {
  expect((await run()).code).toBe(2)
})
