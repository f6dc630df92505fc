import { describe, expect, test } from 'vitest'
import { processorMs } from '../kernel/testing/processor-time.ts'
import { groupError } from './grouping.ts'
import type { ErrorFacts, Frame, Thrown } from './model.ts'
import { maskVariables, stableFile, stableFunction } from './normalized-text.ts'

function frame(name: string, file: string, line = 1, isInApp: boolean | null = null): Frame {
  return { function: name, module: '', file, line, column: 1, isInApp, before: [], source: '', after: [] }
}

function thrown(type: string, message: string, frames: readonly Frame[]): Thrown {
  return { type, message, mechanism: '', isHandled: null, frames }
}

function error(chain: readonly Thrown[], more: Partial<ErrorFacts> = {}): ErrorFacts {
  return { chain, message: '', operation: '', fingerprint: [], ...more }
}

const id = (facts: ErrorFacts): string => groupError(facts).id

describe('grouping', () => {
  const frames = [frame('total', '/srv/a/src/cart.js', 12), frame('next', '/srv/a/node_modules/express/lib/router.js', 3)]

  test('lines, hosts, and frames of dependencies do not part a problem', () => {
    const one = error([thrown('TypeError', 'x is undefined', frames)])
    const moved = [frame('total', '/opt/b/src/cart.js', 99), frame('handle', '/x/node_modules/fastify/lib/x.js', 8)]
    expect(id(error([thrown('TypeError', 'y is undefined', moved)]))).toBe(id(one))
    expect(id(error([thrown('RangeError', 'x is undefined', frames)]))).not.toBe(id(one))
    expect(id(error([thrown('TypeError', '', [frame('sum', '/srv/a/src/cart.js')])]))).not.toBe(id(one))
  })

  test('recursion as deep as it may be is one problem', () => {
    const deep = (depth: number): ErrorFacts =>
      error([thrown('RangeError', '', [...Array<Frame>(depth).fill(frame('walk', 'a/tree.js')), frame('main', 'a/main.js')])])
    expect(id(deep(200))).toBe(id(deep(7)))
  })

  test('without a stack the masked message counts', () => {
    const one = error([thrown('Error', 'order 4711 of ada@example.org failed', [])])
    expect(id(error([thrown('Error', 'order 12 of bob@example.net failed', [])]))).toBe(id(one))
    expect(id(error([thrown('Error', 'invoice 12 failed', [])]))).not.toBe(id(one))
    expect(id(error([], { message: 'took 12 ms' }))).toBe(id(error([], { message: 'took 900 ms' })))
  })

  test('names of a minified build say nothing: type and message count', () => {
    const minified = (name: string, message: string): ErrorFacts =>
      error([
        thrown('TypeError', message, [
          frame(name, 'https://a.example/assets/app-4f3a9c21.js'),
          frame('a', 'https://a.example/assets/app-4f3a9c21.js'),
        ]),
      ])
    expect(id(minified('t', 'x is undefined'))).toBe(id(minified('zg', 'x is undefined')))
    expect(id(minified('t', 'x is undefined'))).not.toBe(id(minified('t', 'y is null')))
    expect(id(minified('checkout', 'x is undefined'))).toBe(id(minified('checkout', 'y is null')))
  })

  test('its own fingerprint decides, with the default inside when it is asked for', () => {
    const a = error([thrown('TypeError', '', frames)], { fingerprint: ['payments'] })
    const b = error([thrown('RangeError', '', [])], { fingerprint: ['payments'] })
    expect(id(a)).toBe(id(b))
    const plus = (chain: readonly Thrown[], fingerprint: readonly string[]): string => id(error(chain, { fingerprint }))
    expect(plus(a.chain, ['{{ default }}', 'eu'])).not.toBe(plus(a.chain, ['{{ default }}', 'us']))
    expect(plus(a.chain, ['{{ default }}'])).toBe(id(error(a.chain)))
    expect(plus(a.chain, ['{{ error.type }}'])).not.toBe(plus(b.chain, ['{{ error.type }}']))
  })

  test('title and place are for people', () => {
    const made = groupError(error([thrown('TypeError', 'x is undefined\nat once', frames), thrown('Error', 'cause', [])]))
    expect(made).toMatchObject({ type: 'TypeError', title: 'TypeError: x is undefined', place: 'total in src/cart.js' })
    expect(groupError(error([], { message: '', operation: 'GET /cart' }))).toMatchObject({ title: '(no message)', place: 'GET /cart' })
  })
})

test.each([
  ['Order 4711 failed after 1.5 s', 'Order <n> failed after <n> s'],
  ['no row 3f2504e0-4f89-11d3-9a0c-0305e82c3301', 'no row <uuid>'],
  ['connect to 10.1.2.3:5432 refused', 'connect to <ip> refused'],
  ['GET https://a.example/x?y=1 gave 500', 'GET <url> gave <n>'],
  ['commit deadbeef01 is gone', 'commit <hex> is gone'],
  ['at 2026-01-02T03:04:05.678Z it ended', 'at <time> it ended'],
])('%s is masked', (text, want) => {
  expect(maskVariables(text)).toBe(want)
})

test.each([
  ['https://shop.example/assets/index-4f3a9c21.js?v=2', 'assets/index-<hash>.js'],
  ['https://shop.example/assets/index-DiwrgTda1.js', 'assets/index-<hash>.js'],
  ['/srv/app/node_modules/pg/lib/client.js', 'pg/lib/client.js'],
  ['webpack:///./src/cart.ts', 'src/cart.ts'],
  ['app:///dist/main.js', 'dist/main.js'],
  ['node:internal/process/task_queues', 'process/task_queues'],
  ['C:\\app\\src\\Cart.cs', 'src/Cart.cs'],
  ['file:///srv/app/a-component.js', 'app/a-component.js'],
])('%s is %s from build to build', (file, want) => {
  expect(stableFile(file)).toBe(want)
})

test.each([
  ['async Object.handle [as request]', 'handle'],
  ['new Cart', 'Cart'],
  ['?', '<anonymous>'],
  ['', '<anonymous>'],
])('function %s is %s', (name, want) => {
  expect(stableFunction(name)).toBe(want)
})

test('a long name of a function takes time by its length', () => {
  const fromMs = processorMs()
  stableFunction(`${'/<'.repeat(50_000)}x`)
  expect(processorMs() - fromMs).toBeLessThan(500)
})
