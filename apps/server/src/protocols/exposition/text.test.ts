import { expect, test, describe } from 'vitest'
import { ExpositionError, type ExpositionFormat, parseExposition, readHelp, readSeries } from './text.ts'

const encoder = new TextEncoder()

/** Everything a body says, as text. */
function said(body: string, format: ExpositionFormat = 'text'): string[] {
  const bytes = encoder.encode(body)
  const lines: string[] = []
  const labels = (start: number, end: number): string => JSON.stringify(readSeries(bytes, start, end))
  parseExposition(bytes, format, {
    type: (name, type) => lines.push(`type ${name} ${type}`),
    help: (name, start, end) => lines.push(`help ${name} ${readHelp(bytes, start, end)}`),
    unit: (name, unit) => lines.push(`unit ${name} ${unit}`),
    sample: (start, end, { value, timeMs }) => lines.push(`${labels(start, end)} ${value} ${timeMs}`),
    exemplar: (start, end, { value, timeMs }) =>
      lines.push(`exemplar ${new TextDecoder().decode(bytes.subarray(start, end))} ${value} ${timeMs}`),
  })
  return lines
}

/** Body, what it says. */
const texts: readonly [name: string, body: string, lines: readonly string[]][] = [
  ['a bare name', 'up 1\n', ['[["__name__","up"]] 1 NaN']],
  ['no line feed at the end', 'up 1', ['[["__name__","up"]] 1 NaN']],
  ['blanks, a time, CRLF', '  up\t 1.5  1700000000000 \r\n\n', ['[["__name__","up"]] 1.5 1700000000000']],
  [
    'labels with escapes and a comma at the end',
    'a{b="c\\"}\\\\\\n", d = "ü",} -2e-3',
    ['[["__name__","a"],["b","c\\"}\\\\\\n"],["d","ü"]] -0.002 NaN'],
  ],
  ['a blank before the braces', 'a {b="c"} 3', ['[["__name__","a"],["b","c"]] 3 NaN']],
  ['empty braces', 'a{} 3', ['[["__name__","a"]] 3 NaN']],
  ['quoted names', '{"my.metric","label one"="x"} 3', ['[["__name__","my.metric"],["label one","x"]] 3 NaN']],
  [
    'specials',
    'a NaN\nb +Inf\nc -Inf\nd 9007199254740993\ne 00012\nf .5\ng 5.\nh +7',
    [
      '[["__name__","a"]] NaN NaN',
      '[["__name__","b"]] Infinity NaN',
      '[["__name__","c"]] -Infinity NaN',
      '[["__name__","d"]] 9007199254740992 NaN',
      '[["__name__","e"]] 12 NaN',
      '[["__name__","f"]] 0.5 NaN',
      '[["__name__","g"]] 5 NaN',
      '[["__name__","h"]] 7 NaN',
    ],
  ],
  [
    'descriptions',
    '# HELP a Is it \\\\ up?\\nOr\n# TYPE a counter\n# a comment\n#\na 1',
    ['help a Is it \\ up?\nOr', 'type a counter', '[["__name__","a"]] 1 NaN'],
  ],
  ['a negative time', 'a 1 -5', ['[["__name__","a"]] 1 -5']],
]

test.each(texts)('%s', (_name, body, lines) => {
  expect(said(body)).toEqual(lines)
})

test('OpenMetrics: seconds, units, exemplars, the end', () => {
  const body = `# TYPE foo_seconds histogram
# UNIT foo_seconds seconds
# HELP foo_seconds How \\"long\\".
foo_seconds_bucket{le="1.0"} 5 1700000000.25 # {trace_id="ab c}"} 0.67 1700000000.5
foo_seconds_bucket{le="+Inf"} 5 # {} 3
# EOF
`
  expect(said(body, 'openmetrics')).toEqual([
    'type foo_seconds histogram',
    'unit foo_seconds seconds',
    'help foo_seconds How "long".',
    '[["__name__","foo_seconds_bucket"],["le","1.0"]] 5 1700000000250',
    'exemplar {trace_id="ab c}"} 0.67 1700000000500',
    '[["__name__","foo_seconds_bucket"],["le","+Inf"]] 5 NaN',
    'exemplar {} 3 NaN',
  ])
})

describe('a wrong line fails the body, with its number', () => {
  test.each<[string, string, ExpositionFormat, number]>([
    ['no value', 'a 1\nb\n', 'text', 2],
    ['no number', 'a one\n', 'text', 1],
    ['labels that do not end', 'a{b="c 1\n', 'text', 1],
    ['more behind', 'a 1 2 3', 'text', 1],
    ['no name', ' 1', 'text', 1],
    ['a wrong type', '# TYPE a thing', 'text', 1],
    ...['toString', 'constructor', '__proto__', 'hasOwnProperty'].map((word): [string, string, ExpositionFormat, number] => [
      `the type ${word}`,
      `# TYPE a ${word}`,
      'text',
      1,
    ]),
    ['a broken time', 'a 1 1.5', 'text', 1],
    ['no end', 'a 1\n', 'openmetrics', 1],
    ['more after the end', '# EOF\na 1\n', 'openmetrics', 1],
    ['an empty line', 'a 1\n\n# EOF', 'openmetrics', 2],
  ])('%s', (_name, body, format, line) => {
    expect(() => said(body, format)).toThrow(ExpositionError)
    expect(() => said(body, format)).toThrow(`line ${line}: `)
  })
})

test.each(['a{b}', 'a{b=c}', 'a{="c"}', '{b="c"}', 'a{"b" "c"}'])('labels that cannot be read: %s', (series) => {
  const bytes = encoder.encode(series)
  expect(readSeries(bytes, 0, bytes.length)).toBeNull()
})

test('bytes at random are read or refused, never more', () => {
  let state = 7
  const random = (): number => (state = (state * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff
  const alphabet = '{}"\\,=# \t\r\nab1.e+-TYPEOF_é'
  for (let round = 0; round < 3000; round++) {
    const body = Array.from({ length: Math.floor(random() * 40) }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')
    for (const format of ['text', 'openmetrics'] as const) {
      try {
        said(body, format)
      } catch (error) {
        expect(error).toBeInstanceOf(ExpositionError)
      }
    }
  }
})
