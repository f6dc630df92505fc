/** The kernel's way and the field-by-field way of the same decoder must tell the same, whatever the bytes. */
import fc from 'fast-check'
import { compressSync } from 'snappy'
import { describe, expect, test } from 'vitest'
import { createDecodeState, DecodeSession } from '../decode/session.ts'
import { defaultProtocolLimits, type ProtocolLimits } from '../limits.ts'
import { DecodeError } from '../protobuf/cursor.ts'
import { MemoryMetrics } from '../testing/memory-metrics.ts'
import { type LabelPairs, remoteWrite1, type SeriesBody, staleBits } from '../testing/remote-write-bodies.ts'
import { RemoteWrite1Decoder } from './decode-v1.ts'

const nowMs = 1_795_248_000_000
const tenant = { organizationId: 3, projectId: 4 }

type Way = 'kernel' | 'fields'

class Reader {
  readonly metrics = new MemoryMetrics()
  readonly #limits: ProtocolLimits
  readonly #decoder: RemoteWrite1Decoder

  constructor(way: Way, limits: Partial<ProtocolLimits> = {}) {
    this.#limits = { ...defaultProtocolLimits, ...limits }
    this.#decoder = way === 'kernel' ? new RemoteWrite1Decoder(this.metrics) : new RemoteWrite1Decoder(this.metrics, 0)
  }

  /** Everything that the batch holds, as text; or the error. */
  async read(body: Uint8Array, packed = false, projectId = tenant.projectId): Promise<unknown> {
    const session = new DecodeSession(createDecodeState(this.#limits))
    session.begin({ ...tenant, projectId }, nowMs)
    this.metrics.rows.length = this.metrics.histograms.length = this.metrics.exemplars.length = 0
    try {
      if (packed) this.#decoder.decodeSnappy(compressSync(Buffer.from(body)), this.#limits.decompressedBytesMax, session)
      else this.#decoder.decode(body, session)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      return { error: error.message, offset: error instanceof DecodeError ? error.offset : undefined }
    }
    const { pointsReceived, refused, refusedExamples, metadata } = session.batch
    await this.metrics.accept(session.batch, body.byteLength)
    const { rows, histograms, exemplars } = this.metrics
    return structuredClone({ pointsReceived, refused: [...refused], refusedExamples, metadata, rows, histograms, exemplars })
  }
}

const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', '/', 'é', '0'), maxLength: 12 }),
  fc.string({ minLength: 120, maxLength: 300 }),
)
const labels: fc.Arbitrary<LabelPairs> = fc.array(fc.tuple(text, text), { maxLength: 4 }).map((pairs) => [['__name__', 'up'], ...pairs])
const timeMs = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: nowMs - 100_000, max: nowMs }) },
  fc.constantFrom(0, -5, nowMs * 2, 2 ** 52),
)
const value = fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN, Infinity, -1.7976931348623155e308, staleBits))
const series: fc.Arbitrary<SeriesBody> = fc.record(
  {
    labels,
    samples: fc.array(fc.tuple(value, timeMs), { maxLength: 5 }),
    exemplars: fc.array(fc.record({ labels: fc.constant([['trace_id', 'x']] as LabelPairs), value: fc.constant(1), timeMs }), {
      maxLength: 1,
    }),
    histograms: fc.array(fc.record({ timeMs, sum: fc.constant(2), schema: fc.constant(0), count: fc.constant(0) }), { maxLength: 1 }),
  },
  { requiredKeys: ['labels'] },
)

describe('both ways', () => {
  test('give the same for every request, packed or not, also when its series are known', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(series, { maxLength: 8 }), async (list) => {
        const [kernel, packed, fields] = [new Reader('kernel'), new Reader('kernel'), new Reader('fields')]
        const body = remoteWrite1(list, [{ name: 'up', type: 1, help: 'h' }])
        for (let round = 0; round < 2; round++) {
          const expected = await fields.read(body)
          expect(await kernel.read(body)).toEqual(expected)
          expect(await packed.read(body, true)).toEqual(expected)
        }
        expect(kernel.metrics.labels).toEqual(fields.metrics.labels)
      }),
      { numRuns: 150 },
    )
  })

  test('give the same for changed and cut bytes', async () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(fc.array(series, { minLength: 1, maxLength: 4 }), changes, fc.nat(), async (list, edits, cut) => {
        const body = remoteWrite1(list)
        for (const [at, byte] of edits) body[at % body.length] = byte
        const bytes = cut % 3 === 0 ? body.subarray(0, cut % body.length) : body
        expect(await new Reader('kernel').read(bytes)).toEqual(await new Reader('fields').read(bytes))
      }),
      { numRuns: 300 },
    )
  })

  test('give the same for more series and samples than one walk takes', async () => {
    const many = Array.from({ length: 20_000 }, (_, i): SeriesBody => ({
      labels: [['__name__', 'm'], ['i', String(i)]],
      samples: i % 1000 === 0 ? [] : Array.from({ length: i % 7 }, (_unused, at) => [at, nowMs - 1000 + at] as const),
    })) // prettier-ignore
    const long: SeriesBody = {
      labels: [['__name__', 'long']],
      samples: Array.from({ length: 70_000 }, (_, i) => [i, nowMs - 70_000 + i] as const),
    }
    const body = remoteWrite1([...many, long, ...many.slice(0, 10)])
    expect(await new Reader('kernel').read(body, true)).toEqual(await new Reader('fields').read(body))
  })

  test('refuse the same series at the limit, in their place', async () => {
    const list = ['a', 'b', 'c', 'a'].map((name): SeriesBody => ({ labels: [['__name__', name]], samples: [[1, nowMs]] }))
    const answers = await Promise.all(
      (['kernel', 'fields'] as const).map(async (way) => {
        const reader = new Reader(way)
        reader.metrics.seriesMax = 1
        return await reader.read(remoteWrite1(list))
      }),
    )
    expect(answers[0]).toEqual(answers[1])
    expect(answers[0]).toMatchObject({ refused: [['series_limit', 2]] })
  })

  test('count samples over the limit alike', async () => {
    const body = remoteWrite1([{ labels: [['__name__', 'a']], samples: [[1, nowMs - 2], [2, nowMs - 1], [3, nowMs]] }]) // prettier-ignore
    const limits = { samplesPerRequestMax: 2 }
    expect(await new Reader('kernel', limits).read(body)).toEqual(await new Reader('fields', limits).read(body))
  })
})

test('series differ when any byte of their labels or their tenant differs', async () => {
  const reader = new Reader('kernel')
  const names = new Set<string>()
  for (let length = 1; length < 80; length++) {
    for (let at = 0; at < length; at++) names.add('a'.repeat(at) + 'b' + 'a'.repeat(length - at - 1))
  }
  const body = remoteWrite1([...names].map((name) => ({ labels: [['__name__', name]], samples: [[1, nowMs]] })))
  await reader.read(body)
  await reader.read(body)
  expect(reader.metrics.labels).toHaveLength(names.size)
  expect(reader.metrics.hits).toBe(names.size)
})

test('the same bytes of another tenant are another series, also when their first word makes up for the difference', async () => {
  const reader = new Reader('kernel')
  // The second byte of a series is the length of its first label: a difference of 8 there and one of 8 << 8 between tenants cancel by xor.
  const bodyOf = (value: string): Buffer => remoteWrite1([{ labels: [['__name__', value]], samples: [[1, nowMs]] }])
  for (let bit = 0; bit < 12; bit++) {
    for (const value of ['aaaaaaaa', 'aaaaaaaabbbbbbbb', 'aaaaaaaabbbbbbbbcccccccc']) await reader.read(bodyOf(value), false, 1 << bit)
  }
  expect(reader.metrics.labels).toHaveLength(36)
  expect(reader.metrics.hits).toBe(0)
})

describe('damaged snappy', () => {
  const body = remoteWrite1(
    Array.from({ length: 50 }, (_, i) => ({ labels: [['__name__', `metric_${i % 7}`]], samples: [[i, nowMs - i]] })),
  )
  const packed = compressSync(body)

  test('is refused or gives bytes, and never harms the next body', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(packed.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), async (edits) => {
        const reader = new Reader('kernel')
        const damaged = Buffer.from(packed)
        for (const [at, byte] of edits) damaged[at] = byte
        const session = new DecodeSession(createDecodeState(defaultProtocolLimits))
        session.begin(tenant, nowMs)
        try {
          new RemoteWrite1Decoder(reader.metrics).decodeSnappy(damaged, defaultProtocolLimits.decompressedBytesMax, session)
        } catch (error) {
          expect(error instanceof DecodeError || (error instanceof Error && 'code' in error)).toBe(true)
        }
        expect(await reader.read(body, true)).toEqual(await new Reader('fields').read(body))
      }),
      { numRuns: 300 },
    )
  })

  test('cut anywhere is refused', () => {
    for (let length = 0; length < packed.length; length++) {
      const session = new DecodeSession(createDecodeState(defaultProtocolLimits))
      session.begin(tenant, nowMs)
      const decoder = new RemoteWrite1Decoder(new MemoryMetrics())
      expect(() => decoder.decodeSnappy(packed.subarray(0, length), 1 << 20, session), `${length} bytes`).toThrow(/snappy/)
    }
  })
})
