import { expect, test } from 'vitest'
import { ManualClock } from '../ingest/testing/manual-clock.ts'
import { createScope } from '../kernel/scope.ts'
import { makeResource } from '../signals/index.ts'
import { tailBodyCharsMax, tailBytesMax, tailLookedAtMax, tailPeriodMs, tailRowsMax, tailsBytesMax, tailsOfProjectMax } from './limits.ts'
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

  unseen(): number {
    return this.events.reduce((sum, { unseen }) => sum + unseen, 0)
  }

  missed(): number {
    return this.events.reduce((sum, { missed }) => sum + missed, 0)
  }
}

test('rows that match come in the order of their coming, with all that a page of rows shows', async () => {
  const reader = new Reader().follow('severity:error')
  await reader.settle()
  expect(reader.events).toEqual([{ items: [], missed: 0, unseen: 0 }])
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
  expect([reader.missed(), reader.unseen()]).toEqual([30, 0])
  reader.leave()
})

/** Tails whose reader takes the first, empty event and then nothing any more. */
async function stalledTails(reader: Reader, count: number): Promise<TailEvent[][]> {
  const never = new Promise<void>(() => {})
  const taken = Array.from({ length: count }, (): TailEvent[] => [])
  for (const [i, events] of taken.entries()) {
    const deliver = (event: TailEvent): Promise<void> => (events.push(event) === 1 ? Promise.resolve() : never)
    const projectId = 1 + Math.floor(i / tailsOfProjectMax)
    void reader.tails.follow(createScope(1, [projectId]), { query: '', signal: new AbortController().signal, deliver })
  }
  await reader.settle()
  await reader.nextPeriod()
  return taken
}

test('long bodies are cut in the tail and say so, and its waiting rows are bounded by their size', async () => {
  const reader = new Reader().follow('')
  await reader.nextPeriod()
  const { release } = reader.stall()
  reader.tails.accepted(batchOf(['first']))
  await reader.nextPeriod()
  const rows = 120
  reader.tails.accepted(batchOf(Array.from({ length: rows }, () => 'ä'.repeat(50_000))))
  release()
  await reader.nextPeriod()
  await reader.nextPeriod()
  const shown = reader.bodies().slice(1)
  expect(shown.every((body) => body.startsWith('ä'.repeat(tailBodyCharsMax)) && body.endsWith('… (cut: 50000 characters)'))).toBe(true)
  expect(shown.length).toBeGreaterThan(30)
  expect(shown.length * tailBodyCharsMax).toBeLessThanOrEqual(tailBytesMax)
  expect(reader.missed()).toBe(rows - shown.length)
  reader.leave()
})

test('rows are one object for all tails, and all tails together hold so much and no more', async () => {
  const reader = new Reader()
  const count = 100
  const taken = await stalledTails(reader, count)
  const body = 'x'.repeat(tailBodyCharsMax)
  for (let turn = 0; turn < 3; turn++) {
    for (let project = 1; project <= count / tailsOfProjectMax; project++)
      reader.tails.accepted(
        batchOf(
          Array.from({ length: 80 }, () => body),
          project,
        ),
      )
    await reader.nextPeriod()
  }
  expect(taken.slice(0, 2).map((events) => events.length)).toEqual([2, 2])
  expect(taken[0]?.[1]?.items[0]).toBe(taken[1]?.[1]?.items[0])
  expect(reader.tails.heldBytes).toBeLessThanOrEqual(tailsBytesMax)
  expect(reader.tails.heldBytes).toBeGreaterThan(tailsBytesMax / 2)
  reader.tails[Symbol.dispose]()
})

test('what was taken by its reader, or waits for one that has gone, is held no longer', async () => {
  const reader = new Reader().follow('')
  await reader.nextPeriod()
  reader.tails.accepted(batchOf(['first']))
  expect(reader.tails.heldBytes).toBeGreaterThan(0)
  await reader.nextPeriod()
  expect(reader.tails.heldBytes).toBe(0)
  const { release } = reader.stall()
  reader.tails.accepted(batchOf(['second']))
  await reader.nextPeriod()
  reader.tails.accepted(batchOf(['third']))
  reader.leave()
  release()
  await reader.nextPeriod()
  expect([reader.ended, reader.tails.heldBytes]).toEqual([true, 0])
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
  expect([reader.missed(), reader.unseen()]).toEqual([5000, 5000])
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
