/** Messages in a stream, however it is cut. */
import { expect, test } from 'vitest'
import { messageBytesMax } from './limits.ts'
import { SyslogFraming } from './framing.ts'

function framed(stream: string, chunkBytes: number): string[] {
  const messages: string[] = []
  const framing = new SyslogFraming((bytes) => messages.push(Buffer.from(bytes).toString()))
  const bytes = Buffer.from(stream)
  for (let at = 0; at < bytes.length; at += chunkBytes) framing.push(bytes.subarray(at, at + chunkBytes))
  framing.end()
  return messages
}

test.each<[string, string, string[]]>([
  ['lines', '<1>a\n<2>b\r\n\n<3>c', ['<1>a', '<2>b', '<3>c']],
  ['zero bytes', '<1>a\0<2>b\0', ['<1>a', '<2>b']],
  ['counted', '4 <1>a6 <2>b\nc12 <3>012345678', ['<1>a', '<2>b\nc', '<3>012345678']],
  ['counted in bytes, not characters', '6 <1>é!5 <2>bb', ['<1>é!', '<2>bb']],
  ['both', '4 <1>a<2>b\n4 <3>c', ['<1>a', '<2>b', '<3>c']],
  ['a line that begins with a number', '12:00 text\n99x\n', ['12:00 text', '99x']],
  ['nothing', '', []],
])('%s', (_name, stream, expected) => {
  for (let chunkBytes = 1; chunkBytes <= Buffer.byteLength(stream) + 1; chunkBytes++) {
    expect(framed(stream, chunkBytes)).toEqual(expected)
  }
})

test('messages that are too long are cut, and those behind them are read', () => {
  const long = 'x'.repeat(messageBytesMax + 1000)
  for (const stream of [`${long}\n<2>b\n`, `${long.length} ${long}<2>b\n`]) {
    const messages = framed(stream, 60_000)
    expect(messages.map((message) => message.length)).toEqual([messageBytesMax, 4])
  }
})

test('what waits for its end is bounded', () => {
  const framing = new SyslogFraming(() => undefined)
  for (let i = 0; i < 20; i++) {
    framing.push(Buffer.alloc(100_000, 'x'))
    expect(framing.heldBytes).toBeLessThanOrEqual(messageBytesMax)
  }
})
