import { expect, test } from 'vitest'
import { ManualClock } from '../ingest/testing/manual-clock.ts'
import { createScope } from '../kernel/scope.ts'
import { makeResource } from '../signals/index.ts'
import { tailLookedAtMax, tailPeriodMs, tailRowsMax, tailsOfProjectMax } from './limits.ts'
import { LogsBatch } from './schema.ts'
import { LogTails, type TailEvent } from './tails.ts'

const scope = createScope(1, [1])

function batchOf(bodies: readonly string[], projectId = 1): LogsBatch {
  const batch = new LogsBatch()
  batch.begin({ organizationId: 1, projectId }, Date.UTC(2026, 10, 21), 5)
  for (const body of bodies) {
    batch.time(Date.UTC(2026, 10, 21) / 1000, 7)
    batch.from(makeResource([['service.name', 'cart']]))
    batch.severity.pushU8(body.includes('fail') ? 17 : 9)
    batch.traceId.pushRaw(Buffer.from('00112233445566778899aabbccddeeff', 'hex'))
    batch.body.pushString(body)
    batch.attribute('user', 'ann')
    batch.endRow()
  }
  return batch
}

/** A reader whose events are taken one by one. */
class Reader {
  readonly clock = new ManualClock()
  readonly tails = new LogTails(this.clock)
  readonly events: TailEvent[] = []
  readonly #gone = new AbortController()
  #slow: Promise<void> = Promise.resolve()
  ended = false

  follow(query: string): this {
    const deliver = async (event: TailEvent): Promise<void> => {
      this.events.push(event)
      await this.#slow
    }
    void this.tails.follow(scope, { query, signal: this.#gone.signal, deliver }).then(() => (this.ended = true))
    return this
  }

  /** Until `release` is called it does not take another event. */
  stall(): { release: () => void } {
    let release = (): void => {}
    this.#slow = new Promise<void>((resolve) => (release = resolve))
    return { release }
  }

  leave(): void {
    this.#gone.abort()
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await Promise.resolve()
  }

  async nextPeriod(): Promise<void> {
    await this.settle()
    await this.clock.advance(tailPeriodMs)
    await this.settle()
  }

  bodies(): string[] {
    return this.events.flatMap(({ items }) => items.map(({ body }) => body))
  }

  missed(): number {
    return this.events.reduce((sum, { missed }) => sum + missed, 0)
  }
}

test('rows that match come in the order of their coming, with all that a page of rows shows', async () => {
  const reader = new Reader().follow('severity:error')
  await reader.settle()
  expect(reader.events).toEqual([{ items: [], missed: 0 }])
  await reader.nextPeriod()
  reader.tails.accepted(batchOf(['one fails', 'fine', 'two fail']))
  reader.tails.accepted(batchOf(['of another project fails'], 2))
  await reader.nextPeriod()
  expect(reader.bodies()).toEqual(['one fails', 'two fail'])
  expect(reader.events.at(-1)?.items[0]).toMatchObject({
    id: expect.stringMatching(/^[0-9a-f]{16}0000000500000000$/) as string,
    timestamp: '2026-11-21T00:00:00.000000007Z',
    severity: 17,
    service: 'cart',
    attributes: { user: 'ann' },
    resource: { 'service.name': 'cart' },
    traceId: '00112233445566778899aabbccddeeff',
    spanId: '',
    weight: 1,
    isScrubbed: false,
  })
  reader.leave()
  await reader.nextPeriod()
  expect(reader.ended).toBe(true)
  expect(reader.tails.open).toBe(0)
})

test('a reader who does not read loses rows beyond the bound and is told how many', async () => {
  const reader = new Reader().follow('')
  await reader.nextPeriod()
  const { release } = reader.stall()
  reader.tails.accepted(batchOf(['first']))
  await reader.nextPeriod()
  reader.tails.accepted(batchOf(Array.from({ length: tailRowsMax + 30 }, (_, i) => `row ${i}`)))
  await reader.nextPeriod()
  release()
  await reader.nextPeriod()
  await reader.nextPeriod()
  expect(reader.bodies().length).toBe(1 + tailRowsMax)
  expect(reader.missed()).toBe(30)
  reader.leave()
})

test('what nobody has the time to look at is told as missed; a quiet search never is', async () => {
  const reader = new Reader().follow('nothing')
  await reader.nextPeriod()
  const batch = batchOf(Array.from({ length: 5000 }, () => 'x'))
  for (let i = 0; i < 20; i++) {
    reader.tails.accepted(batch)
    await reader.nextPeriod()
  }
  expect(reader.missed()).toBe(0)
  for (let rows = 0; rows <= tailLookedAtMax; rows += 5000) reader.tails.accepted(batch)
  await reader.nextPeriod()
  await reader.nextPeriod()
  expect(reader.missed()).toBe(5000)
  reader.leave()
})

test('a project has so many tails and no more, and all end with the program', async () => {
  const reader = new Reader()
  const another = (): Promise<void> =>
    reader.tails.follow(scope, { query: '', signal: new AbortController().signal, deliver: () => Promise.resolve() })
  for (let i = 0; i < tailsOfProjectMax; i++) void another()
  await reader.settle()
  await expect(another()).rejects.toMatchObject({ code: 'logs.too_many_tails' })
  reader.tails[Symbol.dispose]()
  await reader.nextPeriod()
  expect(reader.tails.open).toBe(0)
})

test('a search that is wrong is refused before anything is sent', async () => {
  const { tails } = new Reader()
  const asked = tails.follow(scope, {
    query: 'severity:(',
    signal: new AbortController().signal,
    deliver: () => Promise.reject(new Error('sent')),
  })
  await expect(asked).rejects.toMatchObject({ code: 'search.invalid' })
})
