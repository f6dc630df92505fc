import { expect, test } from 'vitest'
import { parseStackText } from './stack-text.ts'

const head = { type: 'Error', message: 'boom' }
const shown = (text: string): string[][] =>
  parseStackText(text, head).map(({ type, frames }) => [
    type,
    ...frames.map((f) => `${f.module === '' ? '' : `${f.module}/`}${f.function}|${f.file}:${f.line}:${f.column}`),
  ])

test('JavaScript, with a cause', () => {
  const text = `Error: boom
    at Cart.total (/app/cart.js:12:5)
    at async /app/main.js:3:1
    at new Promise (<anonymous>)
    at file:///app/a (b).js:7:9 {
  [cause]: TypeError: inner
      at load (node:internal/x:1:2)
}`
  expect(shown(text)).toEqual([
    ['Error', 'Cart.total|/app/cart.js:12:5', '|/app/main.js:3:1', 'new Promise|<anonymous>:0:0'],
    ['TypeError', 'load|node:internal/x:1:2'],
  ])
})

test('JavaScript of Firefox', () => {
  expect(shown('total@https://a.example/app.js:12:5\n@https://a.example/app.js:1:1')).toEqual([
    ['Error', 'total|https://a.example/app.js:12:5', '|https://a.example/app.js:1:1'],
  ])
})

test('Java', () => {
  const text = `java.lang.RuntimeException: boom
\tat org.example.Cart.total(Cart.java:12)
\tat java.base/java.lang.Thread.run(Unknown Source)
Caused by: java.io.IOException: gone
\tat org.example.Disk.read(Disk.java:7)
\t... 3 more`
  expect(shown(text)).toEqual([
    ['Error', 'org.example.Cart/total|Cart.java:12:0', 'java.base/java.lang.Thread/run|Unknown Source:0:0'],
    ['java.io.IOException', 'org.example.Disk/read|Disk.java:7:0'],
  ])
})

test('Python prints the innermost call last', () => {
  const text = `Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    total()
  File "/app/cart.py", line 12, in total
    raise ValueError("boom")
ValueError: boom`
  expect(shown(text)).toEqual([['Error', 'total|/app/cart.py:12:0', '<module>|/app/main.py:3:0']])
})

test('Go, .NET, Ruby, PHP', () => {
  expect(shown('goroutine 1 [running]:\nmain.total(0x1, 0x2)\n\t/app/cart.go:12 +0x1d\nmain.main()\n\t/app/main.go:3 +0x20')).toEqual([
    ['Error', 'main.total|/app/cart.go:12:0', 'main.main|/app/main.go:3:0'],
  ])
  expect(shown('   at Shop.Cart.Total(Int32 n) in /app/Cart.cs:line 12\n   at Shop.Main()')).toEqual([
    ['Error', 'Shop.Cart.Total|/app/Cart.cs:12:0', 'Shop.Main|:0:0'],
  ])
  expect(shown("/app/cart.rb:12:in `total'\n\tfrom /app/main.rb:3:in `main'")).toEqual([
    ['Error', 'total|/app/cart.rb:12:0', 'main|/app/main.rb:3:0'],
  ])
  expect(shown('#0 /app/Cart.php(12): Cart->total(1)\n#1 {main}')).toEqual([['Error', 'Cart->total|/app/Cart.php:12:0']])
})

test('what is no stack has no frames, whatever it is made of', () => {
  expect(shown('nothing to see')).toEqual([['Error']])
  expect(shown('')).toEqual([['Error']])
  const [first] = parseStackText(`at ${'('.repeat(5000)}\n`.repeat(3000), head)
  expect(first?.frames.length).toBeLessThanOrEqual(250)
})
