/** A Node that is too old gets one clear line, and gets it: the files that say so must be readable to it. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const floorFile = join(root, 'apps/server/bin/node-floor.mjs')
const { nodeProblem } = (await import(floorFile)) as { nodeProblem: (version: string) => string | null }

test.each(['20.19.0', '20.20.2', '22.0.0', '24.11.1', '100.0.0'])('Node %s will do', (version) => {
  expect(nodeProblem(version)).toBeNull()
})

test.each(['20.18.3', '18.20.8', '12.22.12', '9.0.0'])('Node %s is told to go', (version) => {
  expect(nodeProblem(version)).toBe(`Bellwether needs Node 20.19 or newer; this is Node ${version}.`)
})

test('the files that an old Node reads first use no syntax it does not know', () => {
  for (const path of ['apps/server/bin/node-floor.mjs', 'apps/server/bin/bellwether.mjs', 'scripts/start.mjs']) {
    const text = readFileSync(join(root, path), 'utf8').replaceAll(/\/\*[^]*?\*\//g, '')
    expect(text, path).not.toMatch(/\?\?|\?\.|^\s*await |[^.]\bawait |import [^(][^\n]*'node:/m)
  }
})
