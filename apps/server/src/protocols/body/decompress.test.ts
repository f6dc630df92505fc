/** Content encodings, and bodies made to explode. */
import { randomBytes } from 'node:crypto'
import zlib from 'node:zlib'
import { compressSync } from 'snappy'
import { describe, expect, test } from 'vitest'
import { processorMs } from '../../kernel/testing/processor-time.ts'
import { type ContentEncoding, decompress, decompressSync, parseContentEncoding } from './decompress.ts'
import { unzstd } from './zstd.ts'

const text = Buffer.from('All work and no play makes a dull sample. '.repeat(500))
const mib = 1024 * 1024

/** A zstd frame of one raw block; the format's simplest. `size` null leaves the content size out. */
function zstdFrame(content: Buffer, size: number | null = content.length): Buffer {
  const block = Buffer.alloc(3)
  block.writeUIntLE((content.length << 3) | 1, 0, 3)
  return Buffer.concat([zstdHeader(size), block, content])
}

/** 4 bytes of content size, or a window of 1 KiB to 2 TiB by `windowLog`. */
function zstdHeader(size: number | null, windowLog = 17): Buffer {
  const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
  if (size === null) return Buffer.concat([magic, Buffer.from([0x00, (windowLog - 10) << 3])])
  const header = Buffer.from([0xa0, 0, 0, 0, 0])
  header.writeUInt32LE(size, 1)
  return Buffer.concat([magic, header])
}

/** `count` blocks that each repeat one byte `size` times: 4 bytes become up to 128 KiB. */
function zstdRepeats(count: number, size: number, declared: number | null): Buffer {
  const blocks = Array.from({ length: count }, (_, index) => {
    const block = Buffer.alloc(4, 0x61)
    block.writeUIntLE((size << 3) | 2 | (index === count - 1 ? 1 : 0), 0, 3)
    return block
  })
  return Buffer.concat([zstdHeader(declared), ...blocks])
}

const bodies: [ContentEncoding, Buffer][] = [
  ['identity', text],
  ['gzip', zlib.gzipSync(text)],
  ['deflate', zlib.deflateSync(text)],
  ['deflate', zlib.deflateRawSync(text)],
  ['snappy', compressSync(text)],
  ['zstd', zstdFrame(text)],
  [
    'zstd',
    Buffer.concat([
      zstdFrame(text.subarray(0, 99)),
      Buffer.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7]),
      zstdFrame(text.subarray(99), null),
    ]),
  ],
]

/** Made with the zstd program from `lines`: level 19 with the content size and a checksum, and level 3 as a stream without the size. */
const zstdOfLines = [
  'KLUv/WQrBcUEAPILGhCwJwcHaRgA9t4VEakLcWQQwDuGahrZLmTWXezIhz8duTTKV0ULp5yxexCtJxJOpNySoWe+8VNJb60irnq4MWnwH0WsTLopu2bGD51D' +
    'Xi0BMst4ZRM5Z41eSu1s4lHNLxpSgBEIxUAEYagQIN0ckC/sBhJI8Nf///8NKgNmrBZgjoMaJbtA1DZZHHibWqgxm1RAAWQKPY3oVw==',
  'KLUv/QRYBQUA0ogUELAnBwdpGAD2blkRqQtxZBCder4JmSXVezrTKFV8Z8xEEzpfrXtkQqVU/3pmEmUU+248MyHhq3R/vLKJHGGNyqmd7R7VLEVDPhCKgQBG' +
    'IBQDEWGoQKL3N6CTFKYDEvDXc////w4lA6alalM9Wl4EJynekiDiKz0sBKQidEMdAerTHxoEyUtGB45uEKmFqksxVcVCuowSjgldUy/1Uz2N6Fc=',
]
const lines = Array.from({ length: 200 }, (_, index) => `line ${(index * 7919) % 97}\n`).join('')

test.each(zstdOfLines)('zstd as the zstd program makes it: %#', (base64) => {
  const body = Buffer.from(base64, 'base64')
  expect(Buffer.from(unzstd(body, 1 << 20)).toString()).toBe(lines)
  for (let length = 1; length < body.length - 4; length++) expect(() => unzstd(body.subarray(0, length), 1 << 20)).toThrow(/body.malformed/)
  const flipped = Buffer.from(body)
  for (let at = 0; at < body.length; at++) {
    flipped[at] = (body[at] ?? 0) ^ 0x55
    try {
      expect(unzstd(flipped, 1 << 20).length).toBeLessThanOrEqual(1 << 20)
    } catch (error) {
      expect(error).toMatchObject({ code: expect.stringMatching(/^body\./) })
    }
    flipped[at] = body[at] ?? 0
  }
})

describe('decompress', () => {
  test.each(bodies)('%s', async (encoding, body) => {
    expect(Buffer.from(await decompress(body, encoding, text.length)).equals(text)).toBe(true)
    expect(Buffer.from(decompressSync(body, encoding, text.length)).equals(text)).toBe(true)
  })

  test.each(bodies)('%s over the bound', async (encoding, body) => {
    await expect(decompress(body, encoding, text.length - 1)).rejects.toMatchObject({ code: 'body.too_large' })
    expect(() => decompressSync(body, encoding, text.length - 1)).toThrow(/body.too_large/)
  })

  test.each(bodies.filter(([encoding]) => encoding !== 'identity'))('%s cut short at every tenth byte', async (encoding, body) => {
    for (let length = 0; length < Math.min(body.length - 5, 2000); length += 10) {
      const outcome = await decompress(body.subarray(0, length), encoding, mib).catch((error: unknown) => error)
      if (length > 0) expect(outcome).toMatchObject({ code: 'body.malformed' })
    }
  })

  test('noise is malformed, not a crash', async () => {
    for (const encoding of ['gzip', 'deflate', 'snappy', 'zstd'] as const) {
      await expect(decompress(randomBytes(500), encoding, mib).catch((error: unknown) => Promise.reject(error))).rejects.toMatchObject({
        code: /^body\./,
      })
    }
  })
})

describe('bombs', () => {
  const bombs: [string, ContentEncoding, Buffer][] = [
    ['gzip of 100 MiB', 'gzip', zlib.gzipSync(Buffer.alloc(100 * mib))],
    ['deflate of 100 MiB', 'deflate', zlib.deflateSync(Buffer.alloc(100 * mib))],
    ['snappy that promises 4 GiB', 'snappy', Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0x61])],
    ['zstd repeats of 1.2 GiB', 'zstd', zstdRepeats(10_000, 128 * 1024, null)],
    ['zstd that promises 4 GiB', 'zstd', zstdRepeats(40_000, 128 * 1024, 0xffffffff)],
    ['zstd with a window of 2 GiB', 'zstd', Buffer.concat([zstdHeader(null, 31), Buffer.from([0x09, 0, 0, 0x61])])],
  ]
  test.each(bombs)('%s', async (_name, encoding, body) => {
    const before = process.memoryUsage().rss
    await expect(decompress(body, encoding, 64 * mib)).rejects.toMatchObject({ code: 'body.too_large' })
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * mib)
  })

  const liars: [string, ContentEncoding, Buffer][] = [
    ['snappy that promises far more than it has', 'snappy', Buffer.from([0x80, 0x80, 0x80, 0x10, 0, 0x61])],
    ['zstd that promises far more than it has', 'zstd', zstdFrame(text, 60 * mib)],
    [
      'zstd of very many tiny blocks under a large window',
      'zstd',
      Buffer.concat([zstdHeader(null, 23), zstdRepeats(4000, 1, null).subarray(6)]),
    ],
    ['zstd that needs a dictionary', 'zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x21, 1, 1, 0x09, 0, 0, 0x61])],
    ['zstd with a block of the reserved type', 'zstd', Buffer.concat([zstdHeader(1), Buffer.from([0x0f, 0, 0, 0x61])])],
  ]
  test.each(liars)('%s is malformed at once', (_name, encoding, body) => {
    const start = processorMs()
    expect(() => decompressSync(body, encoding, 64 * mib)).toThrow(/body.malformed/)
    expect(processorMs() - start).toBeLessThan(500)
  })

  test('zstd in many honest frames', () => {
    const frame = zstdFrame(Buffer.alloc(100, 'x'), null)
    expect(unzstd(Buffer.concat(Array.from({ length: 200 }, () => frame)), mib)).toHaveLength(20_000)
  })
})

describe('Content-Encoding', () => {
  const cases: [string | undefined, string][] = [
    [undefined, 'identity'],
    ['', 'identity'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    [' zstd ', 'zstd'],
    ['snappy', 'snappy'],
    ['deflate', 'deflate'],
  ]
  test.each(cases)('%s → %s', (header, want) => expect(parseContentEncoding(header)).toBe(want))
  test.each(['br', 'gzip, gzip', 'x'.repeat(1000)])('%s is not supported', (header) => {
    expect(() => parseContentEncoding(header)).toThrow(/body.encoding_unsupported/)
  })
})
