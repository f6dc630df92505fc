import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ClickHouse } from '../../../apps/server/src/engines/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { batchOf, openEngine, openStack, type EngineHome, type Stack, type TestSample } from './metrics-stack.ts'
import { expectSame, hourMs, minuteMs, seriesOf, someGrids } from './rollup-cases.ts'

let home: EngineHome
const startMs = Date.UTC(2026, 10, 20, 10)
const timing = { graceMs: 0, quietMs: 0, lateMsMax: 0 }

beforeAll(async () => {
  home = await openEngine()
})

afterAll(async () => {
  await home[Symbol.asyncDispose]()
})

type Engine = Pick<ClickHouse, 'queryNative' | 'insertNative' | 'command'>

/** An engine that the program loses at one call: before the call, or after it did its work. Everything later fails too. */
class FragileEngine implements Engine {
  readonly #engine: Engine
  readonly #after: boolean
  #left: number

  constructor(engine: Engine, calls: number, after: boolean) {
    this.#engine = engine
    this.#left = calls
    this.#after = after
  }

  get isLost(): boolean {
    return this.#left < 0
  }

  async insertNative(insert: Parameters<Engine['insertNative']>[0]): Promise<void> {
    await this.#at(() => this.#engine.insertNative(insert))
  }

  async command(sql: string): Promise<void> {
    await this.#at(() => this.#engine.command(sql))
  }

  async *queryNative(query: Parameters<Engine['queryNative']>[0]): ReturnType<Engine['queryNative']> {
    await this.#at(() => Promise.resolve())
    yield* this.#engine.queryNative(query)
  }

  async #at(call: () => Promise<void>): Promise<void> {
    this.#left--
    if (this.#left < -1 || (this.#left === -1 && !this.#after)) throw new Error('the program is gone')
    await call()
    if (this.#left === -1) throw new Error('the program is gone')
  }
}

const logDir = (): string => join(home.dataDir, 'log')

function open(clock: { nowMs: number }, engine: Engine): Promise<Stack> {
  return openStack({
    engine: home.engine,
    logDir: logDir(),
    rollups: { engine, clock: { ...systemClock, nowMs: () => clock.nowMs }, timing },
  })
}

async function send(stack: Stack, samples: readonly TestSample[]): Promise<void> {
  await stack.ingest.accept(batchOf(stack.ingest, samples), 10)
}

/** One bucket's samples of each series, late by then: the first in a place that had none. */
function lateSamples(turn: number): TestSample[] {
  return Array.from({ length: 4 }, (_, index) => ({
    labels: { __name__: index % 2 === 0 ? 'c' : 'g', s: `${index}` },
    timeMs: startMs + ((turn * 7) % 170) * minuteMs + 7_777 + index,
    value: 1_000 + turn,
  }))
}

async function expectExact(stack: Stack): Promise<void> {
  for (const grid of someGrids(startMs, 3).slice(1, 3))
    for (const func of ['rate', 'last', 'sum_over_time']) await expectSame(stack, { ...grid, func })
}

test('a program that is gone at any step of a round has wrong answers at no time after, and goes on', async () => {
  const clock = { nowMs: startMs + hourMs }
  {
    await using stack = await open(clock, home.engine)
    for (let index = 0; index < 4; index++) await send(stack, seriesOf(index, startMs, startMs + 3 * hourMs))
    await stack.drain()
  }
  let turn = 0
  let steps = 0
  for (const after of [false, true]) {
    for (let calls = 0; ; calls++) {
      const fragile = new FragileEngine(home.engine, calls, after)
      clock.nowMs = startMs + hourMs + turn * 5 * minuteMs
      try {
        await using stack = await open(clock, fragile)
        await send(stack, lateSamples(turn))
        await stack.log.seal()
        while (await stack.rollups.roller.round());
      } catch (error) {
        expect(fragile.isLost, String(error)).toBe(true)
      }
      turn++
      await using stack = await open(clock, home.engine)
      await expectExact(stack)
      await stack.drain()
      await expectExact(stack)
      while (await stack.rollups.roller.round());
      expect(stack.rollups.marks.lateCount).toBe(0)
      await expectExact(stack)
      if (!fragile.isLost) break
      steps++
    }
  }
  expect(steps).toBeGreaterThan(12)
}, 240_000)
