/** Our own cases in the test language: the part of the language that every clone can check. */
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { createMemoryStorage, runPromqlTestFile } from '../../../apps/server/src/promql/index.ts'

const folder = resolve(import.meta.dirname, 'cases')

for (const name of readdirSync(folder)) {
  test(`${name}`, async () => {
    const report = await runPromqlTestFile(readFileSync(resolve(folder, name), 'utf8'), createMemoryStorage())
    expect(report.failures).toEqual([])
    expect(report.passed).toBeGreaterThan(5)
  })
}
