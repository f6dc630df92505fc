/** Exceptions in the text of log records, as loggers and runtimes print them; and texts that only look like it. */
import { describe, expect, test } from 'vitest'
import { processorMs } from '../kernel/testing/processor-time.ts'
import { beginsUncaught, thrownInText } from './thrown-text.ts'

const shown = (text: string): string[][] =>
  thrownInText(text).map(({ type, message, frames }) => [
    `${type}: ${message}`,
    ...frames.map((frame) => `${frame.module === '' ? '' : `${frame.module}/`}${frame.function}|${frame.file}:${frame.line}`),
  ])

const javaStack = '\n\tat org.example.Cart.total(Cart.java:12)\n\tat org.example.Main.main(Main.java:3)'
const javaFrames = ['org.example.Cart/total|Cart.java:12', 'org.example.Main/main|Main.java:3']

describe('an exception in a text', () => {
  test.each<[string, string, string[][]]>([
    [
      'Java behind the line of a logger',
      `2026-11-22 10:00:00 ERROR [main] o.e.Cart : cannot total\njava.lang.IllegalStateException: no cart${javaStack}`,
      [['java.lang.IllegalStateException: no cart', ...javaFrames]],
    ],
    [
      'Java uncaught',
      `Exception in thread "main" java.lang.NullPointerException${javaStack}`,
      [['java.lang.NullPointerException: ', ...javaFrames]],
    ],
    [
      'Java with a cause, an error of its own name, a message of two lines',
      `org.example.CartGone: cart 7\nis gone${javaStack}\nCaused by: java.io.IOException: disk\n\tat org.example.Disk.read(Disk.java:7)\n\t... 2 more`,
      [
        ['org.example.CartGone: cart 7\nis gone', ...javaFrames],
        ['java.io.IOException: disk', 'org.example.Disk/read|Disk.java:7'],
      ],
    ],
    [
      'Node uncaught',
      `/app/cart.js:12\n    throw new TypeError('x')\n    ^\n\nTypeError: x\n    at total (/app/cart.js:12:5)\n    at /app/main.js:3:1\n\nNode.js v20.1.0`,
      [['TypeError: x', 'total|/app/cart.js:12', '|/app/main.js:3']],
    ],
    [
      'Node logged',
      '[10:00:00] error: checkout failed Error: no cart\n    at Cart.total (/app/cart.js:12:5)',
      [['Error: no cart', 'Cart.total|/app/cart.js:12']],
    ],
    [
      '.NET',
      'fail: Shop.Cart[0]\n      Unhandled.\n      System.InvalidOperationException: no cart\n         at Shop.Cart.Total() in /app/Cart.cs:line 12',
      [['System.InvalidOperationException: no cart', 'Shop.Cart.Total|/app/Cart.cs:12']],
    ],
    [
      'Python, during the handling of another',
      `ERROR:root:cannot total
Traceback (most recent call last):
  File "/app/db.py", line 5, in read
    connect()
ConnectionError: no route

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    total()
  File "/app/cart.py", line 12, in total
    raise Gone("x") from error
shop.cart.Gone: cart 7`,
      [
        ['shop.cart.Gone: cart 7', 'total|/app/cart.py:12', '<module>|/app/main.py:3'],
        ['ConnectionError: no route', 'read|/app/db.py:5'],
      ],
    ],
    [
      'Go, the first goroutine alone',
      `panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.total(0x1, 0x2)
\t/app/cart.go:12 +0x1d
main.main()
\t/app/main.go:3 +0x20

goroutine 7 [select]:
main.other()
\t/app/other.go:9 +0x20
exit status 2`,
      [['panic: runtime error: index out of range [5] with length 3', 'main.total|/app/cart.go:12', 'main.main|/app/main.go:3']],
    ],
    [
      'Ruby',
      "/app/cart.rb:12:in `total': no cart (Shop::Gone)\n\tfrom /app/main.rb:3:in `main'",
      [['Shop::Gone: no cart', 'total|/app/cart.rb:12', 'main|/app/main.rb:3']],
    ],
    [
      'Ruby in the log of a framework',
      "Shop::Gone (no cart):\n  \napp/cart.rb:12:in `total'\napp/main.rb:3:in `index'",
      [['Shop::Gone: no cart', 'total|app/cart.rb:12', 'index|app/main.rb:3']],
    ],
    [
      'Ruby of today, behind what a logger writes',
      "[7] FATAL (main): /app/cart.rb:12:in 'Cart#total': no cart (7) (Shop::Gone)\n\tfrom /app/main.rb:3:in 'main'",
      [['Shop::Gone: no cart (7)', 'Cart#total|/app/cart.rb:12', 'main|/app/main.rb:3']],
    ],
    [
      'PHP whose message names a place',
      'Uncaught Shop\\GoneException: no cart in stock in /app/Cart.php on line 12\n#0 /app/main.php(3): Cart->total()',
      [['Shop\\GoneException: no cart in stock', 'throw|/app/Cart.php:12', 'Cart->total|/app/main.php:3']],
    ],
    [
      'PHP',
      'PHP Fatal error:  Uncaught Shop\\GoneException: no cart in /app/Cart.php:12\nStack trace:\n#0 /app/main.php(3): Cart->total()\n#1 {main}\n  thrown in /app/Cart.php on line 12',
      [['Shop\\GoneException: no cart', 'throw|/app/Cart.php:12', 'Cart->total|/app/main.php:3']],
    ],
  ])('%s', (_, text, want) => {
    expect(shown(text)).toEqual(want)
  })
})

test.each([
  '',
  'Error: no stack at all',
  'a message\nof two lines',
  'meet me\nat 10:30',
  'the list:\n  at home (yes)\n  and away',
  'Traceback (most recent call last):',
  'Traceback (most recent call last):\n  nothing',
  'goroutine 1 [running]:\nmain.main()\n\t/app/main.go:3 +0x20',
  'steps:\n#0 open the door\n#1 go in',
  'see cart.rb:12:in `total',
])('%j has none', (text) => {
  expect(thrownInText(text)).toEqual([])
})

// Texts that made readers look at the same characters again and again: what stands first, what is repeated, what stands last.
test.each<[string, string, string, string]>([
  ['ends of lines', 'x', '\n', 'y'],
  ['ends of lines and tabs', 'x', '\n\t', 'y'],
  ['blanks in a line', 'x\n', ' ', 'y'],
  ['Java calls', 'x\n', '\tat a.b.C.d(E.java:1)\n', ''],
  ['calls that are none', 'x\n', 'at a(a(a(a(a(', '\n'],
  ['names with dots', 'x\n', 'a.', '\n at x (a.js:1:2)\n at y (b.js:1:2)'],
  ['names with colons', 'x\n', 'A::', '\n at x (a.js:1:2)\n at y (b.js:1:2)'],
  ['errors in a line', 'x\n', 'Error: ', '\r.\n at x (a.js:1:2)\n at y (b.js:1:2)'],
  ['places', 'x\n at ', '1:1:', 'x\n'],
  ['Python without calls', 'x\n', 'Traceback (most recent call last):\n', ''],
  ['Python within Python', 'x\nTraceback (most recent call last):\n', '  Traceback (most recent call last):\n  x\n', ''],
  ['Python calls', 'Traceback (most recent call last):\n', ' File "a", line 1\n', ''],
  ['Go heads', '', 'panic: ', '\r.\ngoroutine 1 [running]:\nx\n\ta.go:1'],
  ['goroutines', 'panic: x\n', 'goroutine 1 [\n', ''],
  ['Go blanks', 'panic: x\ngoroutine 1 [\n', '\t', 'x'],
  ['Ruby heads', '', 'A (', "\n/a:1:in `x'"],
  ['Ruby messages', '', "a:1:in `x':  ", 'y'],
  ['Ruby places', '', 'x', '/a:1:in `x'],
  ['Ruby types', '', "a:1:in `x': y (A", ')'],
  ['PHP types', '', 'A', '\n#0 x'],
  ['PHP errors', '', 'AError: in ', '\n#0 x'],
  ['PHP places', 'AError: x in ', `${'y'.repeat(400)} in `, '\n#0 x'],
  ['PHP heads', '', 'A'.repeat(190) + 'Error: x in y ', '\n#0 x'],
  ['PHP calls', 'AError: x in a:1\n', '#0 a(1): b\n', ''],
])('%s: time by the length of the text', (_, first, each, last) => {
  const textOf = (chars: number): string => first + each.repeat(Math.ceil(chars / each.length)) + last
  const costMs = (text: string): number => {
    const fromMs = processorMs()
    for (let i = 0; i < 4; i++) thrownInText(text)
    return processorMs() - fromMs
  }
  const [short, long] = [textOf(8_000), textOf(32_000)]
  costMs(short)
  const shortMs = costMs(short)
  const longMs = costMs(long)
  // Below some ms the rest of the process counts more than the texts.
  expect(longMs).toBeLessThan(Math.max(60, shortMs * 10))
  expect(costMs(textOf(250_000))).toBeLessThan(500)
})

test.each<[string, boolean]>([
  ['Traceback (most recent call last):\n', true],
  ['Exception in thread "main" java.lang.X', true],
  ['panic: no', true],
  ['no panic: none', false],
  ['Error: x', false],
])('%j begins as what nobody caught: %s', (text, want) => {
  expect(beginsUncaught(text)).toBe(want)
})
