/** Random rows and random searches about them, for the tests that compare the engine with the matcher. */
import fc from 'fast-check'
import type { RowView, SearchFields } from '../index.ts'

export interface Row {
  readonly n: number
  readonly service: string
  readonly severity: number
  readonly httpStatus: number
  readonly durationNs: number
  readonly timeMs: number
  readonly traceId: string
  readonly pattern: string
  readonly scrubbed: number
  readonly resource: number
  readonly resourceAttributes: ReadonlyMap<string, string>
  readonly body: string
  readonly attributes: ReadonlyMap<string, string>
}

const words = [
  'timeout',
  'Connection',
  'refused',
  'time',
  'out',
  'user',
  '12',
  '0',
  'GET',
  'api',
  'v1',
  'ERROR',
  'Ünïcode',
  'ошибка',
  'ОШИБКА',
  'x',
  '日本',
]
const separators = [' ', ' ', ' ', '_', '-', '/', ': ', '=', '.', '  ', '\n', '%', "'", '\\', '(', '*']
const services = ['api', 'web', 'api-gateway', 'Api', '']
const values = [
  '5',
  '500',
  '-3',
  '1e3',
  '0.5',
  '.5',
  '5.',
  '+7',
  '12ms',
  '',
  ' 5',
  'a%b',
  'a_b',
  "it's",
  'inf',
  'nan',
  '0x10',
  '1_000',
  'true',
  'GET',
  'a\\b',
  'ä',
]
const keys = ['size', 'method', 'k8s.pod', "o'key"]

export function searchFields(isIndexed: boolean): SearchFields {
  return {
    fields: [
      { name: 'service', type: 'word', column: 'service', description: 'Service.' },
      {
        name: 'severity',
        aliases: ['level'],
        type: 'names',
        column: 'severity',
        description: 'How bad.',
        zeroIsNone: true,
        values: [
          { name: 'info', low: 9, high: 12 },
          { name: 'warn', low: 13, high: 16 },
          { name: 'error', low: 17, high: 20 },
        ],
      },
      { name: 'status', type: 'number', column: 'http_status', description: 'Status.', zeroIsNone: true },
      { name: 'duration', type: 'duration', column: 'duration', description: 'How long.' },
      { name: 'timestamp', type: 'time', column: 'ts', description: 'When.' },
      { name: 'trace_id', aliases: ['trace'], type: 'id', sizeBytes: 16, column: 'trace_id', description: 'Trace.' },
      { name: 'pattern', type: 'hash', column: 'pattern', description: 'Pattern.' },
      { name: 'scrubbed', type: 'flag', column: 'scrubbed', description: 'Scrubbed.' },
      { name: 'body', aliases: ['message'], type: 'text', column: 'body', description: 'Text.' },
    ],
    freeText: [{ column: 'body', isIndexed }],
    attributes: 'attributes',
    resources: {
      column: 'resource',
      attributes: 'attributes',
      sqlOf: (condition) => `resource IN (SELECT fingerprint FROM known_resources WHERE ${condition})`,
    },
  }
}

/** The same numbers every time: what is compared is the language, not the luck of a seed. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 0x1_0000_0000
  }
}

export function makeRows(count: number): Row[] {
  const next = chance(7)
  const pick = <Item>(list: readonly Item[]): Item => list[Math.floor(next() * list.length)]!
  const hex = (length: number): string => Array.from({ length }, () => '0123456789abcdef'[Math.floor(next() * 16)]).join('')
  const pairs = (most: number): Map<string, string> =>
    new Map(Array.from({ length: Math.floor(next() * (most + 1)) }, () => [pick(keys), pick(values)]))
  const resources = Array.from({ length: 5 }, () => pairs(2))
  return Array.from({ length: count }, (_, n) => {
    const resource = Math.floor(next() * resources.length)
    const parts = Array.from({ length: Math.floor(next() * 7) }, () => pick(words) + pick(separators))
    return {
      n,
      service: pick(services),
      severity: pick([0, 9, 10, 13, 17, 18, 21]),
      httpStatus: pick([0, 200, 404, 500, 503]),
      durationNs: pick([0, 1, 999_999, 1_000_000, 5_000_000, 1_500_000_000]),
      timeMs: Date.UTC(2026, 0, 30) + Math.floor(next() * 172_800) * 1000,
      traceId: next() < 0.3 ? '' : pick(['4b', '4c', 'ff']) + hex(30),
      pattern: next() < 0.3 ? '' : hex(16),
      scrubbed: pick([0, 0, 1, 4]),
      resource: resource + 1,
      resourceAttributes: resources[resource]!,
      body: parts.join(''),
      attributes: pairs(4),
    }
  })
}

export function viewOf(row: Row): RowView {
  const texts: Readonly<Record<string, string>> = { service: row.service, body: row.body, trace_id: row.traceId, pattern: row.pattern }
  const numbers: Readonly<Record<string, number>> = {
    severity: row.severity,
    http_status: row.httpStatus,
    duration: row.durationNs,
    ts: row.timeMs,
    scrubbed: row.scrubbed,
  }
  return {
    text: (column) => texts[column]!,
    number: (column) => numbers[column]!,
    attribute: (key) => row.attributes.get(key) ?? null,
    someAttribute: (see) => [...row.attributes].some(([key, value]) => see(key, value)),
    resourceAttribute: (key) => row.resourceAttributes.get(key) ?? null,
  }
}

const word = fc.constantFrom(...words, 'nowhere', 'TIME', 'tim', 'onnect', 'шиб')
const starred = fc
  .tuple(word, fc.constantFrom('*', '*ut', '*_', '* '), fc.boolean())
  .map(([text, tail, before]) => `${before ? '*' : ''}${text}${tail.trimEnd()}`)
const quoted = fc.array(fc.tuple(word, fc.constantFrom(...separators)), { minLength: 1, maxLength: 3 }).map(
  (parts) =>
    `"${parts
      .map(([text, separator]) => text + separator)
      .join('')
      .replaceAll(/[\\"]/g, '\\$&')}"`,
)
const pattern = fc
  .tuple(
    fc.constantFrom(
      'tim.*out',
      'conn[a-z]+ ref',
      '^get',
      '\\d+',
      'api.v1',
      'time out|x',
      '(?:a|b)pi',
      '\\buser\\b',
      '.',
      'ошибка',
      'x$',
      'Connection refused',
    ),
    fc.boolean(),
  )
  .map(([source, ignoresCase]) => `/${source}/${ignoresCase ? 'i' : ''}`)
const attribute = fc
  .tuple(fc.constantFrom('', '@', 'attr.', 'resource.'), fc.constantFrom(...keys.slice(0, 3)))
  .map(([prefix, key]) => prefix + key)
const plainValue = fc.constantFrom(
  ...values.filter((one) => one !== '' && !/[\s'\\]/.test(one)),
  '""',
  '"it\'s"',
  '" 5"',
  'a*',
  '*5',
  '5*0',
  '(500 OR "")',
  '/^[0-9.]+$/',
  '/^$/',
  '!5',
)
const operator = fc.constantFrom('>', '>=', '<', '<=')
const condition = fc.oneof(
  word,
  starred,
  quoted,
  pattern,
  fc.constantFrom('body:timeout', 'message:"time out"', 'body="GET api"', 'body:*', '-body:/time/', '"="', '%', '*:GET', '*:5*', '*:/5/'),
  fc.tuple(attribute, plainValue).map(([name, value]) => `${name}:${value}`),
  fc.tuple(attribute, operator, fc.constantFrom('5', '0', '-3', '1e3', '0.5', '1k')).map(([name, op, value]) => `${name}:${op}${value}`),
  fc.tuple(attribute, fc.constantFrom('0..10', '[0 TO 7}', '..5', 'a..b', '{5 TO *]')).map(([name, range]) => `${name}:${range}`),
  fc
    .tuple(
      fc.constantFrom('has:', '-has:'),
      fc.constantFrom('size', '@method', 'resource.size', 'service', 'level', 'trace', 'pattern', 'status', 'body', 'duration'),
    )
    .map(([has, name]) => has + name),
  fc.constantFrom(
    'service:api',
    'service:api*',
    'service:*-*',
    'service!=api',
    'service:(api OR web)',
    'service:""',
    'service:/^a/',
    'service:*',
    'service:!web',
  ),
  fc.constantFrom(
    'level:error',
    'level:>=warn',
    'level:<warn',
    'level:info..warn',
    'level:>info',
    'level:17',
    'level:*',
    'severity<=warn',
    'level:!error',
  ),
  fc.constantFrom('status:500', 'status:>=400', 'status < 500', 'status:200..404', 'status:0', 'status:[200 TO 500}', 'status:>-1'),
  fc.constantFrom('duration:>1ms', 'duration:1ms..1.5s', 'duration:0', 'duration >= 1ns', 'duration:<5ms', 'duration:{1ms TO 5ms}'),
  fc.constantFrom('timestamp:>2026-01-30T12:00:00Z', 'timestamp:<=now-6h', 'timestamp:2026-01-30..2026-01-31', 'timestamp:>now'),
  fc.constantFrom(
    'trace:4b*',
    'trace_id:4*',
    'trace:""',
    'has:trace',
    `trace:${'0'.repeat(32)}`,
    'pattern:0*',
    'pattern:"0000000000000000"',
    'pattern:f*',
  ),
  fc.constantFrom('scrubbed:true', 'scrubbed:false', '-scrubbed:yes', 'has:scrubbed', '*', '-*'),
)

/** Conditions joined at random, at most three deep. */
export const searchArbitrary: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
    condition,
    fc.tuple(tie('node'), fc.constantFrom(' ', ' AND ', ' OR '), tie('node')).map(([a, joint, b]) => a + joint + b),
    tie('node').map((inner) => `(${inner})`),
    tie('node').map((inner) => `NOT (${inner})`),
    condition.map((inner) => (/^[-*]/.test(inner) ? inner : `-${inner}`)),
  ),
})).node
