/** Lines to samples: every rule of the grammar and the mapping, line by line; then the kernel's way against the plain one, whatever the bytes. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDecodeState, DecodeSession } from '../decode/session.ts'
import { defaultProtocolLimits, type ProtocolLimits } from '../limits.ts'
import { droppedByRule } from '../../metrics/index.ts'
import { MemoryMetrics } from '../testing/memory-metrics.ts'
import { InfluxDecoder } from './decode.ts'
import type { InfluxRequest } from './request.ts'

const nowMs = 1_795_248_000_000
const ns = `${nowMs}000000`
const tenant = { organizationId: 3, projectId: 4 }
const request: InfluxRequest = { precision: 'ns', database: '', nowMs }

interface Outcome {
  readonly rows: readonly string[]
  readonly pointsReceived: number
  readonly refused: readonly (readonly [string, number])[]
  readonly examples: readonly string[]
  readonly dropped: readonly (readonly [string, number])[]
  readonly line: number
}

class Reader {
  readonly metrics = new MemoryMetrics()
  readonly #limits: ProtocolLimits
  readonly #decoder: InfluxDecoder

  /** `partBytes` 0: plainly; else through the kernel in parts of this many bytes. */
  constructor(partBytes: number, limits: Partial<ProtocolLimits> = {}) {
    this.#limits = { ...defaultProtocolLimits, ...limits }
    this.#decoder = new InfluxDecoder(this.metrics, partBytes)
  }

  async read(body: string | Uint8Array, of: Partial<InfluxRequest> = {}, projectId = tenant.projectId): Promise<Outcome> {
    const session = new DecodeSession(createDecodeState(this.#limits))
    session.begin({ ...tenant, projectId }, nowMs)
    this.metrics.rows.length = 0
    this.#decoder.decode(typeof body === 'string' ? Buffer.from(body) : body, { ...request, ...of }, session)
    const { pointsReceived, refused, refusedExamples } = session.batch
    await this.metrics.accept(session.batch, body.length)
    return structuredClone({
      rows: this.metrics.rows,
      pointsReceived,
      refused: [...refused],
      examples: refusedExamples,
      dropped: [...session.dropped, ...session.droppedExamples] as unknown as [string, number][],
      line: session.firstRefusedLine,
    })
  }
}

const ways = [['kernel', 8 * 1024 * 1024], ['kernel in parts', 64], ['plain', 0]] as const // prettier-ignore

describe.each(ways)('%s', (_name, partBytes) => {
  const rowsOf = async (body: string, of: Partial<InfluxRequest> = {}): Promise<readonly string[]> =>
    (await new Reader(partBytes).read(body, of)).rows

  test.each([
    ['m value=1', ['m{} 1 @now']],
    [`m,b=2,a=1 x=1.5,y=2i,z=3u ${ns}`, ['m_x{a="1",b="2"} 1.5 @now', 'm_y{a="1",b="2"} 2 @now', 'm_z{a="1",b="2"} 3 @now']],
    [`m t1=t,t2=T,t3=true,t4=True,t5=TRUE ${ns}`, [1, 2, 3, 4, 5].map((i) => `m_t${i}{} 1 @now`)],
    [`m f1=f,f2=F,f3=false,f4=False,f5=FALSE ${ns}`, [1, 2, 3, 4, 5].map((i) => `m_f${i}{} 0 @now`)],
    ['\n\n  # a comment\r\n m value=1\r\n\t m value=2 1795247999000000000\r\n', ['m{} 1 @now', 'm{} 2 @-1s']],
    ['m\\ n,t\\,a\\=g=v\\ \\=\\,w f\\ \\=x=1', ['m_n_f__x{t_a_g="v =,w"} 1 @now']],
    ['m,path=C:\\dir\\\\x value=1', ['m{path="C:\\\\dir\\\\\\\\x"} 1 @now']],
    ['disk.io,9lives=1 bytes-read=7i', ['disk_io_bytes_read{_9lives="1"} 7 @now']],
    ['9m value=1', ['_9m{} 1 @now']],
    ['größe value=1', ['gr__e{} 1 @now']],
    [
      `m value=-12i,a=+3,b=-0.5,c=1e3,d=1.,e=.5,g=-1E-2,h=9223372036854775807i,i=-9223372036854775808i ${ns}`,
      [
        'm{} -12 @now',
        'm_a{} 3 @now',
        'm_b{} -0.5 @now',
        'm_c{} 1000 @now',
        'm_d{} 1 @now',
        'm_e{} 0.5 @now',
        'm_g{} -0.01 @now',
        'm_h{} 9223372036854776000 @now',
        'm_i{} -9223372036854776000 @now',
      ],
    ],
    [
      'm u=18446744073709551615u,x=98.39999999999418,y=0.1234567890123456789,z=123456789012345678901234567890',
      [
        'm_u{} 18446744073709552000 @now',
        'm_x{} 98.39999999999418 @now',
        'm_y{} 0.12345678901234568 @now',
        'm_z{} 1.2345678901234568e+29 @now',
      ],
    ],
  ] as const)('%j', async (body, expected) => {
    const rows = (await rowsOf(body)).map((row) => row.replace(`@${nowMs}`, '@now').replace(`@${nowMs - 1000}`, '@-1s'))
    expect(rows).toEqual(expected.map((row) => row.replace('{}', '')).map((row) => row))
  })

  test.each([
    ['ns', `${nowMs}999999`, nowMs],
    ['us', `${nowMs}999`, nowMs],
    ['ms', String(nowMs), nowMs],
    ['s', String(nowMs / 1000), nowMs],
    ['m', String(Math.floor(nowMs / 60_000)), Math.floor(nowMs / 60_000) * 60_000],
    ['h', String(Math.floor(nowMs / 3_600_000)), Math.floor(nowMs / 3_600_000) * 3_600_000],
  ] as const)('precision %s', async (precision, time, expectedMs) => {
    expect(await rowsOf(`m value=1 ${time}\n`, { precision })).toEqual([`m 1 @${expectedMs}`])
  })

  test.each([
    ['m', 'missing fields'],
    ['m,a=1', 'missing fields'],
    ['m ', 'missing fields'],
    [',a=1 value=1', 'missing measurement'],
    ['m,=1 value=1', 'missing tag key'],
    ['m,a= value=1', 'missing tag value'],
    ['m,a value=1', 'missing tag value'],
    ['m,a=1=2 value=1', 'invalid tag format'],
    ['m =1', 'missing field key'],
    ['m value', 'invalid field format'],
    ['m value=', 'missing field value'],
    ['m value=1,', 'missing fields'],
    ['m value=abc', 'invalid boolean'],
    ['m value=NaN', 'invalid number'],
    ['m value=-inf', 'invalid number'],
    ['m value=1e999', 'invalid number'],
    ['m value=1.5i', 'invalid number'],
    ['m value=-1u', 'invalid number'],
    ['m value=9223372036854775808i', 'invalid number'],
    ['m value=18446744073709551616u', 'invalid number'],
    ['m value=1x', 'invalid number'],
    ['m value=.', 'invalid number'],
    ['m value=1e', 'invalid number'],
    ['m value="open', 'unbalanced quotes'],
    ['m value="a"b', 'invalid field format'],
    ['m value=1 12a', 'bad timestamp'],
    ['m value=1 1 2', 'bad timestamp'],
    ['m value=1 9223372036854775808', 'bad timestamp'],
  ])('%j is refused alone: %s', async (line, error) => {
    const { rows, refused, examples, pointsReceived, line: at } = await new Reader(partBytes).read(`a value=1\n${line}\nb value=2\n`)
    expect({ rows, refused, examples, pointsReceived, at }).toEqual({
      rows: [`a 1 @${nowMs}`, `b 2 @${nowMs}`],
      refused: [['malformed_line', 1]],
      examples: [`unable to parse '${line}': ${error}`],
      pointsReceived: 3,
      at: 2,
    })
  })

  test('bytes that are not UTF-8 are refused by line', async () => {
    const body = Buffer.concat([
      Buffer.from('m,a='),
      Buffer.from([0xff]),
      Buffer.from(' value=1\nm value=2\nm f'),
      Buffer.from([0xc3]),
      Buffer.from('=3\n'),
    ])
    const { rows, refused } = await new Reader(partBytes).read(body)
    expect(rows).toEqual([`m 2 @${nowMs}`])
    expect(refused).toEqual([['malformed_line', 1], ['invalid_utf8', 1]]) // prettier-ignore
  })

  test('strings are left out and counted, also with quotes, line feeds and separators in them', async () => {
    const { rows, dropped, refused } = await new Reader(partBytes).read(
      'm s="a \\"b\\" , c=\n d\\\\",value=1,s2="" 1795248000000000000\nm s="x"\n',
    )
    expect(rows).toEqual([`m 1 @${nowMs}`])
    expect(refused).toEqual([])
    expect(dropped).toEqual([['string_field', 3], ['string_field', expect.stringContaining('m s="a')]]) // prettier-ignore
  })

  test('times out of range, labels over their limits and tags that become one label are refused with their reason', async () => {
    const long = 'x'.repeat(5000)
    const { rows, refused } = await new Reader(partBytes).read(
      `m a=1,b=2 1\nm a=1 -5\nm,t=${long} a=1\n${long} value=1\nm,a.b=1,a-b=2 c=1,d=2\nm value=3\n`,
    )
    expect(rows).toEqual([`m 3 @${nowMs}`])
    expect(refused).toEqual([
      ['timestamp_out_of_range', 3],
      ['label_value_too_long', 1],
      ['metric_name_too_long', 1],
      ['duplicate_label', 1],
    ])
  })

  test('the database becomes a label unless a tag has its name, and keeps the same lines apart', async () => {
    const reader = new Reader(partBytes)
    for (const database of ['x', 'y', 'x']) {
      expect((await reader.read('m value=1\nm,db=own value=2', { database })).rows).toEqual([
        `m{db="${database}"} 1 @${nowMs}`,
        `m{db="own"} 2 @${nowMs}`,
      ])
    }
    expect((await reader.read('m value=1')).rows).toEqual([`m 1 @${nowMs}`])
    await reader.read('m value=1', {}, 9)
    expect(reader.metrics.labels).toHaveLength(5)
  })

  test('a line longer than its bound is refused, and what follows is stored', async () => {
    const body = `m value="${'x'.repeat(1_100_000)}"\nm value=1\n`
    const { rows, refused } = await new Reader(partBytes).read(body)
    expect([rows, refused]).toEqual([[`m 1 @${nowMs}`], [['malformed_line', 1]]])
  })
})

test('what a rule of the project drops is counted as dropped, not as refused', async () => {
  class Ruled extends MemoryMetrics {
    override resolve(...args: Parameters<MemoryMetrics['resolve']>): number {
      return args[1].some(([, value]) => value === 'm_noisy') ? droppedByRule : super.resolve(...args)
    }
  }
  for (const partBytes of [0, 1 << 20]) {
    const metrics = new Ruled()
    const session = new DecodeSession(createDecodeState(defaultProtocolLimits))
    session.begin(tenant, nowMs)
    new InfluxDecoder(metrics, partBytes).decode(Buffer.from('m noisy=1,good=2\nm noisy=3\n'), request, session)
    expect([session.batch.sampleCount, session.batch.pointsReceived, [...session.batch.refused]]).toEqual([1, 1, []])
    expect([...session.dropped]).toEqual([['rule_drop_metric', 2]])
  }
})

test('known series are found by the kernel alone, whatever their order of tags', async () => {
  const reader = new Reader(1 << 20)
  const body = 'm,a=1,b=2 x=1,y=2\nm,b=2,a=1 x=1,y=2\n'
  await reader.read(body)
  const before = reader.metrics.hits
  await reader.read(body)
  expect(reader.metrics.hits - before).toBe(4)
  expect(reader.metrics.labels).toHaveLength(2)
})

test('series differ when any byte of measurement, tags or field differs', async () => {
  const reader = new Reader(1 << 20)
  const lines = new Set<string>()
  for (let length = 1; length < 40; length++) {
    for (let at = 0; at < length; at++) {
      const name = 'a'.repeat(at) + 'b' + 'a'.repeat(length - at - 1)
      lines.add(`${name} value=1\n`).add(`m,t=${name} value=1\n`).add(`m ${name}=1\n`)
    }
  }
  const body = [...lines].join('')
  await reader.read(body)
  const { rows } = await reader.read(body)
  expect(rows).toHaveLength(lines.size)
  expect(reader.metrics.hits).toBe(lines.size)
})

describe('both ways tell the same', () => {
  const name = fc.oneof(fc.constantFrom('cpu', 'm', 'é', 'a\\ b', 'a\\,b', 'x\\=y', 'C:\\\\d', '', 'v"q'), fc.string({ maxLength: 6 }))
  const digits = fc.oneof(
    fc.double({ noDefaultInfinity: true }).map(String),
    fc.integer().map((n) => `${n}i`),
    fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }).map((n) => `${n}i`),
    fc.bigInt({ min: 0n, max: 2n ** 65n }).map((n) => `${n}u`),
    fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 25n }), fc.nat(25), fc.integer({ min: -330, max: 330 })).map(([n, at, e]) => {
      const text = String(n).padStart(at, '0')
      return `${text.slice(0, at)}.${text.slice(at)}e${e}`
    }),
    fc.string({ unit: fc.constantFrom('0', '1', '9', '.', '-', '+', 'e', 'i', 'u', 't', 'f'), maxLength: 24 }),
  )
  const value = fc.oneof(digits, fc.constantFrom('t', 'F', 'true', 'tru', 'falsey', '"s"', '"a\nb"', '"\\""', '"open', '"x"y', ''))
  const time = fc.constantFrom('', ` ${ns}`, ` ${ns}`, ' 12', ' -5', ' 99999999999999999999', ' x', '  ', ` ${ns} `, ` ${ns}\r`, '\r')
  const line = fc
    .tuple(name, fc.array(fc.tuple(name, name), { maxLength: 3 }), fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 4 }), time)
    .map(
      ([measurement, tags, fields, at]) =>
        `${measurement}${tags.map(([k, v]) => `,${k}=${v}`).join('')} ${fields.map(([k, v]) => `${k}=${v}`).join(',')}${at}`,
    )
  const body = fc
    .array(fc.oneof({ weight: 8, arbitrary: line }, fc.constantFrom('', '# c', ' ', 'm', '\u0000m value=1'), fc.string()), {
      maxLength: 12,
    })
    .map((lines) => lines.join('\n'))

  test('for every body, in one part or many, also when its series are known', async () => {
    await fc.assert(
      fc.asyncProperty(
        body,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }),
        fc.integer({ min: 16, max: 200 }),
        async (text, edits, partBytes) => {
          const bytes = Buffer.from(text)
          if (bytes.byteLength > 0) for (const [at, byte] of edits) bytes[at % bytes.byteLength] = byte
          const [plain, kernel, parts] = [new Reader(0), new Reader(1 << 20), new Reader(partBytes)]
          for (let round = 0; round < 2; round++) {
            const expected = await plain.read(bytes)
            expect(await kernel.read(bytes)).toEqual(expected)
            expect(await parts.read(bytes)).toEqual(expected)
          }
          expect(kernel.metrics.labels).toEqual(plain.metrics.labels)
        },
      ),
      { numRuns: 250 },
    )
  })

  test('for doubles of every length: what is written is what is stored', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 50 }), async (numbers) => {
        const wanted = numbers.filter((number) => number !== -Number.MAX_VALUE && number !== -1.7976931348623155e308)
        const { rows } = await new Reader(1 << 20).read(wanted.map((number) => `m value=${number} ${ns}\n`).join(''))
        expect(rows).toEqual(wanted.map((number) => `m ${number} @${nowMs}`))
      }),
      { numRuns: 300 },
    )
  })

  test('for digits of every length and exponent, also just at and between two doubles', async () => {
    const digits = fc.oneof(
      fc.bigInt({ min: 0n, max: 10n ** 19n - 1n }).map(String),
      // Half way between two neighbours, and one beside it.
      fc
        .tuple(fc.bigInt({ min: 2n ** 52n, max: 2n ** 53n - 1n }), fc.nat(9), fc.integer({ min: -1, max: 1 }))
        .map(([n, shift, by]) => String((((2n * n + 1n) << BigInt(shift)) + BigInt(by)) % 10n ** 19n)),
    )
    const number = fc.tuple(digits, fc.nat(19), fc.integer({ min: -70, max: 70 }), fc.boolean()).map(([text, at, e, isNegative]) => {
      const padded = text.padStart(at + 1, '0')
      return `${isNegative ? '-' : ''}${padded.slice(0, padded.length - at)}.${padded.slice(padded.length - at)}e${e}`
    })
    await fc.assert(
      fc.asyncProperty(fc.array(number, { minLength: 200, maxLength: 400 }), async (numbers) => {
        const { rows } = await new Reader(1 << 20).read(numbers.map((text) => `m value=${text} ${ns}\n`).join(''))
        expect(rows).toEqual(numbers.map((text) => `m ${Number(text)} @${nowMs}`))
      }),
      { numRuns: 100 },
    )
  })

  test('for more fields than one walk takes, in one line and in many', async () => {
    const many = Array.from({ length: 8000 }, (_unused, i) => `m,i=${i % 900} a=${i},b=${i}.5,c=${i}i,d=t,e=1e${i % 30} ${ns}\n`).join('')
    const wide = `w ${Array.from({ length: 9000 }, (_unused, i) => `f${i}=${i}`).join(',')} ${ns}\n`
    const wider = wide.replace('f0=0', 'f0=0,a=1'.padEnd(6000, ',a=1'))
    const body = `${wider}${many}${wide}${wide.replace('9000=', 'x=').repeat(4)}${many.slice(0, 1000)}`
    expect(await new Reader(1 << 20).read(body)).toEqual(await new Reader(0).read(body))
  })
})
