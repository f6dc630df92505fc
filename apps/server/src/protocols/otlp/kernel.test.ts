/** The kernel's way and the field-by-field way of the OTLP decoder must tell the same, whatever the bytes and whatever came before. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDecodeState, type DecodeState, DecodeSession } from '../decode/session.ts'
import { defaultProtocolLimits, type ProtocolLimits } from '../limits.ts'
import { DecodeError } from '../protobuf/cursor.ts'
import { MemoryMetrics } from '../testing/memory-metrics.ts'
import { type MetricBody, otlpProtobuf, type PointBody, type ResourceBody } from '../testing/otlp-bodies.ts'
import { OtlpDecoder } from './decode.ts'

const nowMs = 1_795_248_000_000
const tenant = { organizationId: 3, projectId: 4 }

class Reader {
  readonly metrics = new MemoryMetrics()
  readonly #limits: ProtocolLimits
  readonly #state: DecodeState
  readonly #decoder: OtlpDecoder

  constructor(way: 'kernel' | 'fields', limits: Partial<ProtocolLimits> = {}) {
    this.#limits = { ...defaultProtocolLimits, ...limits }
    this.#state = createDecodeState(this.#limits)
    this.#decoder = new OtlpDecoder(this.metrics, this.#limits, ...(way === 'kernel' ? [] : [0]))
  }

  /** Everything that the batch holds, as text; or the error. `stored` false: the batch is thrown away, as when the log is full. */
  async read(body: Uint8Array, stored = true): Promise<unknown> {
    const session = new DecodeSession(this.#state)
    session.begin(tenant, nowMs)
    this.metrics.rows.length = this.metrics.histograms.length = this.metrics.exemplars.length = 0
    try {
      this.#decoder.decode(body, session)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      session.undo()
      return { error: error.message, offset: error instanceof DecodeError ? error.offset : undefined }
    }
    const { pointsReceived, refused, refusedExamples, metadata } = session.batch
    const { addedSamples } = session
    const told = structuredClone({ pointsReceived, refused: [...refused], refusedExamples, metadata, addedSamples })
    if (!stored) {
      session.undo()
      return told
    }
    await this.metrics.accept(session.batch, body.byteLength)
    const { rows, histograms, exemplars } = this.metrics
    return structuredClone({ ...told, rows, histograms, exemplars })
  }
}

const name = fc.constantFrom('a', 'b', 'requests', 'é', '')
const attributes = fc.array(fc.tuple(fc.constantFrom('k', 'l', 'service.name'), fc.oneof(fc.constantFrom('v', 'w', ''), fc.nat(3))), {
  maxLength: 3,
})
const timeMs = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: nowMs - 5000, max: nowMs }) }, fc.constantFrom(0, 5, nowMs * 2))
const startMs = fc.option(fc.integer({ min: nowMs - 6000, max: nowMs }), { nil: undefined })
const double = fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN, Infinity, -1.7976931348623155e308))
const exemplars = fc.option(fc.constant([{ timeMs: nowMs, value: 1, traceId: 'ab'.repeat(16) }]), { nil: undefined, freq: 1 })

function withoutUndefined<T extends object>(value: T): T {
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- only members that are undefined are left out
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T
}

const common = { attributes, timeMs, startMs, flags: fc.constantFrom(undefined, undefined, undefined, 1, 0), exemplars }
const numberPoint: fc.Arbitrary<PointBody> = fc
  .record({ ...common, value: fc.oneof(double, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constant(undefined)) })
  .map(
    ({ value, ...rest }) => withoutUndefined({ ...rest, ...(typeof value === 'bigint' ? { int: value } : { double: value }) }) as PointBody,
  )
const histogramPoint: fc.Arbitrary<PointBody> = fc
  .record({
    ...common,
    count: fc.nat(1000),
    sum: fc.option(double, { nil: undefined, freq: 5 }),
    bounds: fc.constantFrom([], [1], [1, 2.5], [2, 1], undefined),
    counts: fc.array(fc.nat(9), { maxLength: 3 }),
  })
  .map(
    (point) =>
      withoutUndefined({ ...point, counts: point.counts.length % 2 === 0 ? point.counts : [...(point.bounds ?? []), 1] }) as PointBody,
  )
const metric: fc.Arbitrary<MetricBody> = fc.oneof(
  fc.record({
    kind: fc.constant('gauge' as const),
    name,
    unit: fc.constantFrom('By', '1'),
    points: fc.array(numberPoint, { maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('sum' as const),
    name,
    description: fc.constantFrom('h', 'help'),
    temporality: fc.constantFrom(2 as const, 2 as const, 1 as const, 0 as const),
    monotonic: fc.boolean(),
    points: fc.array(numberPoint, { maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('histogram' as const),
    name,
    temporality: fc.constantFrom(2 as const, 2 as const, 1 as const),
    points: fc.array(histogramPoint, { maxLength: 3 }),
  }),
  fc.constant({ kind: 'summary' as const, name: 's', points: [{ timeMs: nowMs, count: 3, sum: 2, quantiles: [[0.5, 1] as const] }] }),
)
const resource: fc.Arbitrary<ResourceBody> = fc
  .record({
    attributes: fc.option(attributes, { nil: undefined }),
    scope: fc.option(fc.record({ name: fc.constantFrom('lib', 'other') }), { nil: undefined }),
    metrics: fc.array(metric, { maxLength: 4 }),
  })
  .map((body) => withoutUndefined(body) as ResourceBody)
const request = fc.array(resource, { maxLength: 3 }).map((list) => otlpProtobuf(...list))

describe('both ways', () => {
  test('give the same for requests one after another, stored or not', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(request, fc.nat(5)), { minLength: 1, maxLength: 4 }), async (requests) => {
        const [kernel, fields] = [new Reader('kernel'), new Reader('fields')]
        for (const [body, dice] of requests) {
          for (let round = 0; round < 2; round++) {
            const stored = dice + round !== 0
            const [got, expected] = [await kernel.read(body, stored), await fields.read(body, stored)]
            expect(withoutMetadata(got)).toEqual(withoutMetadata(expected))
          }
        }
        expect(kernel.metrics.labels).toEqual(fields.metrics.labels)
      }),
      { numRuns: 150 },
    )
  })

  test('give the same when a point without bounds says that its series ended', async () => {
    const point = { timeMs: nowMs, count: 1, counts: [1, 0], bounds: [1], attributes: [['k', '']] } satisfies PointBody
    const histogram = (...points: PointBody[]): Uint8Array =>
      otlpProtobuf({ metrics: [{ kind: 'histogram', name: 'a', temporality: 2, points }] })
    const other = histogram({ ...point, bounds: [2] })
    const ended = histogram(point, { timeMs: nowMs, flags: 1, attributes: [] })
    const [kernel, fields] = [new Reader('kernel'), new Reader('fields')]
    for (const body of [ended, ended, other, histogram(point), ended, other, ended]) {
      const told = await kernel.read(body)
      expect(told).toEqual(await fields.read(body))
      if (body === ended) expect(JSON.stringify(told)).toContain('a_bucket{le=\\"1\\"} STALE')
    }
  })

  test('give the same for changed and cut bytes', async () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(request, changes, fc.nat(), async (body, edits, cut) => {
        for (const [at, byte] of edits) if (body.length > 0) body[at % body.length] = byte
        const bytes = cut % 3 === 0 && body.length > 0 ? body.subarray(0, cut % body.length) : body
        expect(await new Reader('kernel').read(bytes)).toEqual(await new Reader('fields').read(bytes))
      }),
      { numRuns: 400 },
    )
  })

  test('give the same for a resource larger than one walk takes, between small ones', async () => {
    const points = (count: number): PointBody[] =>
      Array.from({ length: count }, (_, i) => ({ attributes: [['i', i]], timeMs: nowMs - i, double: i }))
    const of = (service: string, count: number): ResourceBody => ({
      attributes: [['service.name', service], ['host.name', 'h']],
      metrics: [{ kind: 'gauge', name: 'g', points: points(count) }],
    }) // prettier-ignore
    const body = otlpProtobuf(of('a', 40_000), of('b', 40_000), of('c', 70_000), of('d', 3))
    expect(await new Reader('kernel').read(body)).toEqual(await new Reader('fields').read(body))
  }, 60_000)
})

/** A description that came again is told by one way and not by the other, both rightly. */
function withoutMetadata(told: unknown): unknown {
  return typeof told === 'object' && told !== null ? { ...told, metadata: null } : told
}

test('a description whose batch was not stored is told with the next batch', async () => {
  const body = otlpProtobuf({ metrics: [{ kind: 'gauge', name: 'g', description: 'help', points: [{ timeMs: nowMs, double: 1 }] }] })
  const reader = new Reader('kernel')
  expect(await reader.read(body, false)).toMatchObject({ metadata: [{ name: 'g', help: 'help' }] })
  expect(await reader.read(body)).toMatchObject({ metadata: [{ name: 'g', help: 'help' }], rows: ['g 1 @1795248000000'] })
  expect(await reader.read(body)).toMatchObject({ metadata: [] })
})

test('known points are found by their hash alone, and another resource, scope, metric, unit or attribute is another series', async () => {
  const of = (service: string, scope: string, metricName: string, unit: string, attribute: string): ResourceBody => ({
    attributes: [['service.name', service]],
    scope: { name: scope },
    metrics: [{ kind: 'gauge', name: metricName, unit, points: [{ attributes: [['k', attribute]], timeMs: nowMs, double: 1 }] }],
  })
  const all = [of('s', 'x', 'm', 'By', 'a'), of('t', 'x', 'm', 'By', 'a'), of('s', 'y', 'm', 'By', 'a'), of('s', 'x', 'n', 'By', 'a'), of('s', 'x', 'm', 's', 'a'), of('s', 'x', 'm', 'By', 'b')] // prettier-ignore
  const reader = new Reader('kernel')
  await reader.read(otlpProtobuf(...all))
  const before = reader.metrics.resolved
  const again = await reader.read(otlpProtobuf(...all))
  expect(reader.metrics.resolved).toBe(before)
  expect(again).toMatchObject({ pointsReceived: 6 })
  expect(new Set(reader.metrics.rows).size).toBe(6)
})
