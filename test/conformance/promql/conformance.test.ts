/**
 * Prometheus' own PromQL tests, run against the real evaluator. The files are not part of the repository: they are read from
 * `../shared/promqltest` beside it, and without that folder these tests are skipped, visibly. The ledger says how many evaluations of
 * each file pass; both an unexpected failure and an unexpected pass fail the test, so the ledger can only be moved on purpose.
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
    test(`${name}: ${expected.passed} pass`, async () => {
      const report = await runPromqlTestFile(readFileSync(resolve(folder, name), 'utf8'), createMemoryStorage())
      const failures = report.failures.map((failure) => `${name}:${failure.line} ${failure.query}: ${failure.message}`)
      expect({ passed: report.passed, failed: report.failed }, failures.join('\n')).toEqual(expected)
    })
  }
})
