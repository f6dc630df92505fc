import { AnyMap } from '@jridgewell/trace-mapping'
import { expect, test } from 'vitest'
import type { Frame } from './model.ts'
import { showStacks } from './shown-stack.ts'

function frame(name: string, file: string, line: number, column: number): Frame {
  return { function: name, module: '', file, line, column, isInApp: true, before: [], source: '', after: [] }
}

/** Line 1 of app.js: column 0 is line 3 of cart.ts, column 10 is line 8 and calls `total`. */
const map = AnyMap({
  version: 3,
  names: ['total'],
  sources: ['webpack://shop/./src/cart.ts'],
  sourcesContent: [Array.from({ length: 12 }, (_, i) => `line ${i + 1}`).join('\n')],
  mappings: 'AAEA,UAKIA',
} as Parameters<typeof AnyMap>[0])

const shown = async (frames: readonly Frame[], maps: Readonly<Record<string, typeof map>>) =>
  (await showStacks([{ type: 'E', message: '', mechanism: '', isHandled: null, frames }], async (file) => maps[file] ?? null, 'web@1'))[0]
    ?.frames

test('minified frames name their source, its lines, and by their caller the function', async () => {
  const frames = await shown([frame('t', 'https://a.example/app.js', 1, 1), frame('n', 'https://a.example/app.js', 1, 11)], {
    'https://a.example/app.js': map,
  })
  expect(frames).toMatchObject([
    { function: 'total', file: 'src/cart.ts', line: 3, column: 1, contextFrom: 1, raw: 'https://a.example/app.js:1:1', unresolved: null },
    { function: 'n', file: 'src/cart.ts', line: 8, column: 5, contextFrom: 3 },
  ])
  expect(frames?.[0]?.context).toEqual(Array.from({ length: 8 }, (_, i) => `line ${i + 1}`))
})

test('without a map frames stay as they were sent, and say what is missing where it matters', async () => {
  const node = { ...frame('total', '/srv/cart.js', 12, 5), before: ['a'], source: 'b', after: ['c'] }
  const frames = await shown([frame('t', 'https://a.example/app.js', 1, 1), node, frame('f', 'main.py', 3, 0)], {})
  expect(frames).toMatchObject([
    { function: 't', raw: null, unresolved: 'no source map of release web@1' },
    { function: 'total', context: ['a', 'b', 'c'], contextFrom: 11, unresolved: null },
    { function: 'f', file: 'main.py', unresolved: null },
  ])
})
