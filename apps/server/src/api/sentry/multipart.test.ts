import { expect, test } from 'vitest'
import { readMultipart } from './multipart.ts'

const type = 'multipart/form-data; boundary=----------------------------IXFd6PutrD1sR56MAIgoDR'
const boundary = '----------------------------IXFd6PutrD1sR56MAIgoDR'

function partText(name: string, content: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="file_gzip"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n${content}\r\n`
}

function read(body: string, contentType = type, partsMax = 3): unknown {
  return readMultipart(Buffer.from(body, 'latin1'), contentType, partsMax).map(({ name, fileName, content }) => [
    name,
    fileName,
    content.toString('latin1'),
  ])
}

test('parts are what lies between the boundaries, byte by byte', () => {
  const bytes = `\u001f\u008b\r\n--${boundary.slice(0, -1)}\r\n\r\n\u0000`
  expect(read(`${partText('a1', bytes)}${partText('b2', '')}--${boundary}--\r\n`)).toEqual([
    ['file_gzip', 'a1', bytes],
    ['file_gzip', 'b2', ''],
  ])
  expect(read(`before\r\n${partText('a1', 'x')}--${boundary}--`, type.replace(boundary, `"${boundary}"`))).toEqual([
    ['file_gzip', 'a1', 'x'],
  ])
})

test.each<[string, string, string?]>([
  ['no boundary', partText('a', ''), 'multipart/form-data'],
  ['another boundary', partText('a', ''), 'multipart/form-data; boundary=other'],
  ['cut off in a part', partText('a', 'content').slice(0, -4)],
  ['cut off behind a part', partText('a', 'content')],
  ['without headers', `--${boundary}\r\nx\r\n--${boundary}--`],
  ['without a name', `--${boundary}\r\nContent-Type: text/plain\r\n\r\nx\r\n--${boundary}--`],
  [
    'too many parts',
    `${'abcd'
      .split('')
      .map((name) => partText(name, ''))
      .join('')}--${boundary}--`,
  ],
  ['nothing', ''],
])('%s: refused', (_, body, contentType) => {
  expect(() => read(body, contentType)).toThrow('api.bad_request')
})
