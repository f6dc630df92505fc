import { PassThrough } from 'node:stream'
import { expect, test, vi } from 'vitest'
import type { Clock } from '../../kernel/clock.ts'
import { followStream } from './follow-stream.ts'

/** Pauses are over when the test says so. */
class PausedClock implements Pick<Clock, 'sleep'> {
  #over: (() => void)[] = []

  sleep(): Promise<void> {
    return new Promise((resolve) => this.#over.push(resolve))
  }

  /** The last pause that was begun. */
  async pass(): Promise<void> {
    await vi.waitUntil(() => this.#over.length > 0, { timeout: 30_000 })
    this.#over.pop()?.()
    this.#over = []
  }
}

function following() {
  const [stream, clock, stop] = [new PassThrough(), new PausedClock(), new AbortController()]
  const records = followStream({ stream, clock, stop: stop.signal, multiline: 'auto' })
  const next = async (): Promise<string[] | undefined> => {
    const { value, done } = await records.next()
    return done === true ? undefined : value.map(String)
  }
  return { stream, clock, stop, next }
}

test('a whole line is given when no other has come for a while, whatever half a line stands behind it', async () => {
  const { stream, clock, next } = following()
  stream.write('ERROR out of disk, giving up\nshutting d')
  let given = next()
  await clock.pass()
  expect(await given).toEqual(['ERROR out of disk, giving up'])
  stream.write('own\n and')
  given = next()
  await clock.pass()
  expect(await given).toEqual(['shutting down'])
  stream.end(' so on')
  expect([await next(), await next()]).toEqual([[' and so on'], undefined])
})

test('half a line that goes on and on does not hold back the line before it', async () => {
  const { stream, clock, next } = following()
  stream.write('copying\n.')
  const given = next()
  await vi.waitUntil(() => stream.readableLength === 0, { timeout: 30_000 })
  for (const piece of ['.', '.', '.']) {
    stream.write(piece)
    await vi.waitUntil(() => stream.readableLength === 0, { timeout: 30_000 })
  }
  await clock.pass()
  expect(await given).toEqual(['copying'])
})

test('who stops it gets what was read', async () => {
  const { stream, stop, next } = following()
  stream.write('one\n more\ntw')
  const given = next()
  await vi.waitUntil(() => stream.readableLength === 0, { timeout: 30_000 })
  stop.abort()
  stream.destroy()
  expect([await given, await next()]).toEqual([['one\n more', 'tw'], undefined])
})
