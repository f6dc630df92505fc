/**
 * `bellwether promql test`: the language over the real store, from memory and from ClickHouse alone, where push-down takes part.
 * The repository's own case files always; Prometheus' files as well when `../shared/promqltest` is beside the repository.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { createMemoryStorage, runPromqlTestFile } from '../../apps/server/src/promql/index.ts'
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

/** What the evaluator alone makes of our own files: how many evaluations they have. */
async function ownEvaluations(): Promise<number> {
  let count = 0
  for (const file of filesIn(ownFolder)) count += (await runPromqlTestFile(readFileSync(file, 'utf8'), createMemoryStorage())).passed
  return count
}

const whatPasses = existsSync(sharedFolder) ? "our own cases pass, and Prometheus' files as the ledger says" : 'our own cases pass'

/** All files in one start of the engines, which takes longer than most files. */
test.each(['memory', 'engine'])(`read from %s, ${whatPasses}`, { timeout: 1_200_000 }, async (storage) => {
  const totals = existsSync(sharedFolder) ? Object.values(ledger) : []
  const passed = totals.reduce((sum, file) => sum + file.passed, await ownEvaluations())
  const failed = totals.reduce((sum, file) => sum + file.failed, 0)
  expect(passed).toBeGreaterThan(5)
  const files = [...filesIn(ownFolder), ...(existsSync(sharedFolder) ? filesIn(sharedFolder) : [])]
  const { code, lastLine, errors } = await run('--storage', storage, ...files)
  expect(lastLine, errors).toBe(`${passed} passed, ${failed} failed`)
  expect(code).toBe(failed === 0 ? 0 : 1)
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
