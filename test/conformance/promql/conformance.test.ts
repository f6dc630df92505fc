/**
 * Prometheus' own PromQL tests, run against the real evaluator. The files are not part of the repository: they are read from
 * `../shared/promqltest` beside it, and without that folder these tests are skipped, visibly. The ledger says how many evaluations of
 * each file pass; both an unexpected failure and an unexpected pass fail the test, so the ledger can only be moved on purpose.
 * The files are written for names that are dropped at the end of a query. A server drops them at once unless told otherwise, and so do
 * we, so each file runs in both ways; what then fails is what such a Prometheus server would answer differently, too.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createMemoryStorage, runPromqlTestFile } from '../../../apps/server/src/promql/index.ts'
import ledger from './ledger.json' with { type: 'json' }

const root = resolve(import.meta.dirname, '../../..')
const folder = resolve(root, '../shared/promqltest')
const entries = Object.entries(ledger)

describe.skipIf(!existsSync(folder))('Prometheus test files (../shared/promqltest)', () => {
  test('every file is in the ledger', () => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.test'))
    expect(files.sort()).toEqual(entries.map(([name]) => name).sort())
  })

  for (const [name, expected] of entries) {
    const { namesDroppedAtOnce, ...delayed } = expected
    test(`${name}: ${delayed.passed} pass`, () => check(name, true, delayed))
    test(`${name}, names dropped at once: ${namesDroppedAtOnce.passed} pass`, () => check(name, false, namesDroppedAtOnce))
  }
})

async function check(name: string, delayedNameRemoval: boolean, expected: { passed: number; failed: number }): Promise<void> {
  const text = readFileSync(resolve(folder, name), 'utf8')
  const report = await runPromqlTestFile(text, createMemoryStorage(), { delayedNameRemoval })
  const failures = report.failures.map((failure) => `${name}:${failure.line} ${failure.query}: ${failure.message}`)
  expect({ passed: report.passed, failed: report.failed }, failures.join('\n')).toEqual(expected)
}
