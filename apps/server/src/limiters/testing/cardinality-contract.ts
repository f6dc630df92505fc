/** What every CardinalityLimiter must do, and a model of it that is slow and plain. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CardinalityLimiter, CardinalityQuotas, CardinalityRequest, CardinalityScope } from '../cardinality-ports.ts'
import { limitOf, scopeKeys, scopeNames } from '../cardinality-scopes.ts'

export class MovableClock {
  ms = 1_790_000_000_000
  readonly nowMs = (): number => this.ms
}

export const quotas: CardinalityQuotas = {
  windowSec: 60,
  granularitySec: 10,
  limits: { global: 40, organization: 20, useCase: 15, metric: 6 },
  useCases: { narrow: 4 },
}

export function requestOf(series: readonly number[], metric = 'm', organizationId = 1, useCase = 'custom'): CardinalityRequest {
  const salt = [...`${metric}/${organizationId}/${useCase}`].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7)
  return { organizationId, projectId: 1, useCase, metric, hashes: Uint32Array.from(series.flatMap((one) => [one, salt])) }
}

/** Every series with the granule it was last seen in, looked at one by one. */
class PlainModel {
  readonly #seen = new Map<string, { granule: number; scopes: readonly string[] }>()
  readonly #clock: MovableClock

  constructor(clock: MovableClock) {
    this.#clock = clock
  }

  judge(request: CardinalityRequest, isForced: boolean): { refused: number[]; reached: CardinalityScope | null } {
    const granule = Math.floor(this.#clock.ms / (quotas.granularitySec * 1000))
    const from = granule - quotas.windowSec / quotas.granularitySec + 1
    const scopes = ['g', ...scopeKeys(request)]
    const refused: number[] = []
    let reached: CardinalityScope | null = null
    for (let i = 0; i * 2 < request.hashes.length; i++) {
      const key = `${request.hashes[i * 2]}/${request.hashes[i * 2 + 1]}`
      const known = this.#seen.get(key)
      const live = [...this.#seen.values()].filter((one) => one.granule >= from)
      const full = scopeNames.find(
        (name, at) => live.filter((one) => one.scopes[at] === scopes[at]).length >= limitOf(quotas, name, request.useCase),
      )
      if ((known === undefined || known.granule < from) && !isForced && full !== undefined) {
        refused.push(i)
        reached ??= full
      } else this.#seen.set(key, { granule, scopes })
    }
    return { refused, reached }
  }
}

export interface OpenedLimiter extends AsyncDisposable {
  readonly limiter: CardinalityLimiter
}

/** `open`: a limiter with nothing counted. */
export function cardinalityContract(open: (clock: MovableClock) => Promise<OpenedLimiter>, runs: number): void {
  test('a new series over the limit is refused, a known one passes, the rest of the batch goes on', async () => {
    const clock = new MovableClock()
    await using opened = await open(clock)
    const { limiter } = opened
    expect(await limiter.judge([requestOf([1, 2, 3, 4, 5, 6, 7, 8])])).toEqual([{ refused: [6, 7], reached: 'metric' }])
    expect(await limiter.judge([requestOf([8, 1, 7, 2]), requestOf([1], 'other')])).toEqual([
      { refused: [0, 2], reached: 'metric' },
      { refused: [], reached: null },
    ])
    expect(limiter.metricCount(requestOf([]))).toBe(6)
    expect(limiter.count).toBe(7)
  })

  test('a use case may have a limit of its own', async () => {
    const clock = new MovableClock()
    await using opened = await open(clock)
    const requests = [requestOf([1, 2, 3], 'a', 1, 'narrow'), requestOf([1, 2, 3], 'b', 1, 'narrow'), requestOf([1, 2, 3], 'c')]
    expect(await opened.limiter.judge(requests)).toEqual([
      { refused: [], reached: null },
      { refused: [1, 2], reached: 'useCase' },
      { refused: [], reached: null },
    ])
  })

  test('the window slides: what was not seen for its length makes room, what was seen stays', async () => {
    const clock = new MovableClock()
    await using opened = await open(clock)
    const { limiter } = opened
    await limiter.judge([requestOf([1, 2, 3, 4, 5, 6])])
    clock.ms += 50_000
    expect(await limiter.judge([requestOf([1, 2, 7])])).toEqual([{ refused: [2], reached: 'metric' }])
    clock.ms += 10_000
    expect(await limiter.judge([requestOf([7, 8, 9, 10, 11])])).toEqual([{ refused: [4], reached: 'metric' }])
    clock.ms += 600_000
    expect(await limiter.judge([requestOf([20, 21])])).toEqual([{ refused: [], reached: null }])
    expect(limiter.count).toBe(2)
  })

  test('noted series count and are never refused', async () => {
    const clock = new MovableClock()
    await using opened = await open(clock)
    const { limiter } = opened
    await limiter.note([requestOf([1, 2, 3, 4, 5, 6, 7, 8, 9])])
    expect(await limiter.judge([requestOf([9, 10])])).toEqual([{ refused: [1], reached: 'metric' }])
    expect(limiter.metricCount(requestOf([]))).toBe(9)
  })

  test('asked at once by many, no limit is exceeded by one', async () => {
    const clock = new MovableClock()
    await using opened = await open(clock)
    const verdicts = await Promise.all(
      Array.from({ length: 30 }, async (_, i) => await opened.limiter.judge([requestOf([i * 2, i * 2 + 1])])),
    )
    expect(verdicts.flat().reduce((sum, { refused }) => sum + refused.length, 0)).toBe(60 - 6)
  })

  test('does what the plain model does', async () => {
    const step = fc.record({
      series: fc.array(fc.nat(12), { minLength: 1, maxLength: 8 }),
      metric: fc.constantFrom('a', 'b', 'c'),
      organizationId: fc.constantFrom(1, 2),
      useCase: fc.constantFrom('custom', 'spans'),
      isForced: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      pauseSec: fc.constantFrom(0, 0, 0, 3, 10, 25, 70),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const clock = new MovableClock()
        await using opened = await open(clock)
        const model = new PlainModel(clock)
        for (const { series, metric, organizationId, useCase, isForced, pauseSec } of steps) {
          clock.ms += pauseSec * 1000
          const request = requestOf(series, metric, organizationId, useCase)
          const wanted = model.judge(request, isForced)
          if (isForced) await opened.limiter.note([request])
          else expect(await opened.limiter.judge([request])).toEqual([wanted])
        }
      }),
      { numRuns: runs },
    )
  })
}
