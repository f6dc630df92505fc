import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineCutter } from './line-cutter.ts'
import { parseMultiline, RecordJoiner, recordBytesMax, recordLinesMax, type Multiline } from './record-joiner.ts'

/** The records of a text, given in chunks of so many bytes. */
function recordsOf(text: string, mode: Multiline = 'auto', chunkBytes = 7): string[] {
  const [cutter, joiner] = [new LineCutter(), new RecordJoiner(mode)]
  const bytes = Buffer.from(text)
  const records: Buffer[] = []
  for (let at = 0; at < bytes.length; at += chunkBytes) records.push(...joiner.add(cutter.push(bytes.subarray(at, at + chunkBytes))))
  records.push(...joiner.add(cutter.end()), ...joiner.close())
  return records.map(String)
}

const stacks: readonly (readonly [name: string, lines: readonly string[]])[] = [
  [
    'Java',
    [
      '2026-11-21 10:00:00,123 ERROR [main] Cart - cannot pay',
      'com.shop.cart.PaymentRefused: no money',
      '\tat com.shop.cart.Cart.pay(Cart.java:17)',
      '\tat com.shop.Main.main(Main.java:3)',
      'Caused by: java.net.SocketTimeoutException: Read timed out',
      '\tat java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:278)',
      '\t... 12 more',
    ],
  ],
  [
    'Python',
    [
      'ERROR:root:cannot pay',
      'Traceback (most recent call last):',
      '  File "/srv/cart.py", line 17, in pay',
      '    bank.take(total)',
      'bank.Refused: no money',
      '',
      'During handling of the above exception, another exception occurred:',
      '',
      'Traceback (most recent call last):',
      '  File "/srv/main.py", line 3, in main',
      "KeyError: 'total'",
    ],
  ],
  [
    'Node',
    [
      'TypeError: total is not a function',
      '    at pay (/srv/cart.js:17:3)',
      '    at process.processTicksAndRejections (node:internal/process/task_queues:95:5) {',
      "  code: 'NO_TOTAL',",
      '  [cause]: Error: away',
      '      at ask (/srv/bank.js:2:1)',
      '}',
    ],
  ],
  [
    'Go',
    [
      'panic: runtime error: invalid memory address or nil pointer dereference',
      '[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48f2b5]',
      '',
      'goroutine 1 [running]:',
      'main.(*Cart).Pay(0x0, {0xc000012120, 0x3})',
      '\t/srv/cart.go:17 +0x15',
      'main.main()',
      '\t/srv/main.go:3 +0x1d',
      'created by net/http.(*Server).Serve in goroutine 9',
      '\t/usr/lib/go/src/net/http/server.go:3285 +0x4b4',
      'exit status 2',
    ],
  ],
  ['Ruby', ["cart.rb:17:in 'Cart#pay': no money (RuntimeError)", "\tfrom main.rb:3:in '<main>'"]],
  [
    '.NET',
    [
      'fail: Shop.Cart[0]',
      '      cannot pay',
      '      System.InvalidOperationException: no money',
      '         at Shop.Cart.Pay() in /srv/Cart.cs:line 17',
    ],
  ],
  [
    'PHP',
    [
      'PHP Fatal error:  Uncaught Refused: no money in /srv/cart.php:17',
      'Stack trace:',
      '#0 /srv/main.php(3): pay()',
      '#1 {main}',
      '  thrown in /srv/cart.php on line 17',
    ],
  ],
  ['Rust', ["thread 'main' panicked at src/cart.rs:17:5:", '  no money', 'stack backtrace:', '   0: rust_begin_unwind']],
  ['a printed object', ['{', '  "msg": "no money",', '  "items": [', '    1', '  ]', '}']],
]

describe('a stack is one record with the line before it', () => {
  test.each(stacks)('of %s', (_name, lines) => {
    const before = '2026-11-21T10:00:00Z INFO a line before'
    const after = '2026-11-21T10:00:01Z INFO a line behind'
    const stack = lines.join('\n')
    expect(recordsOf([before, ...lines, after, ''].join('\n'), 'auto').slice(-2)).toEqual([stack, after])
    expect(recordsOf([...lines, after, ...lines].join('\r\n'), 'auto')).toEqual([stack, after, stack])
  })
})

test('an object on one line is not continued', () => {
  expect(recordsOf('{"msg":"a"}\n    at f\n    at g\nnext')).toEqual(['{"msg":"a"}', '    at f\n    at g', 'next'])
})

test('two Python errors in a row are two records', () => {
  const one = 'Traceback (most recent call last):\n  File "/a.py", line 1\nA: x'
  expect(recordsOf(`logged\n${one}\nB: y`)).toEqual([`logged\n${one}`, 'B: y'])
})

test('a pattern says where records begin; off: each line is one', () => {
  const text = '#1 a\nb\n\n c\n#2 d'
  expect(recordsOf(text, /^#\d/u)).toEqual(['#1 a\nb\n\n c', '#2 d'])
  expect(recordsOf(text, 'off')).toEqual(['#1 a', 'b', ' c', '#2 d'])
  expect([parseMultiline('auto'), parseMultiline('off'), parseMultiline('^x')]).toEqual(['auto', 'off', /^x/u])
  expect(parseMultiline('(')).toBeNull()
})

test('a record is bounded in bytes and lines', () => {
  const line = ` ${'x'.repeat(1000)}`
  const long = recordsOf(`first\n${`${line}\n`.repeat(600)}`, 'auto', 64 * 1024)
  expect(long.length).toBeGreaterThan(2)
  for (const record of long) expect(Buffer.byteLength(record)).toBeLessThan(recordBytesMax)
  const many = recordsOf(`first\n${' x\n'.repeat(recordLinesMax + 5)}`, 'auto', 64 * 1024)
  expect(many.map((record) => record.split('\n').length)).toEqual([recordLinesMax, 6])
})

test('whatever comes in whatever pieces: no line is lost, and what is given and what is open make up the file', () => {
  const line = fc.constantFrom(
    'a',
    '',
    ' b',
    '\tc',
    'Traceback (most recent call last):',
    'E: x',
    '}',
    '{"a":1}',
    'd\r',
    'goroutine 1 [',
    'm()',
    'a.B: c',
    '\tat d',
  )
  const mode = fc.constantFrom<Multiline>('auto', 'off', /^a/u)
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), fc.integer({ min: 1, max: 9 }), mode, (lines, chunkBytes, how) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''))
      const [cutter, joiner] = [new LineCutter(), new RecordJoiner(how)]
      let given = ''
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        const end = Math.min(at + chunkBytes, bytes.length)
        for (const record of joiner.add(cutter.push(bytes.subarray(at, end)))) given += `${record.toString()}\n`
        // Read from there again, the rest is the same: a restart loses and repeats nothing.
        const place = end - cutter.heldBytes - joiner.openBytes
        const again = recordsOf(bytes.subarray(place).toString(), how)
        expect(flat(`${given}${again.join('\n')}`)).toEqual(flat(bytes.toString()))
      }
    }),
    { numRuns: 200 },
  )
})

const flat = (text: string): string[] => text.split(/[\r\n]+/).filter((line) => line !== '')
