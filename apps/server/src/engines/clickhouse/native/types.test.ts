import { expect, test } from 'vitest'
import { parseNativeType } from './types.ts'

test.each([
  ['UInt64', { kind: 'fixed', of: 'u64' }],
  ["DateTime64(3, 'Europe/Berlin')", { kind: 'fixed', of: 'i64' }],
  ["Enum8('a, (b' = 1, 'it\\'s' = 2)", { kind: 'fixed', of: 'i8' }],
  ['LowCardinality(String)', { kind: 'dictionary' }],
  ['Array(Array(Float64))', { kind: 'array', inner: { kind: 'array', inner: { kind: 'fixed', of: 'f64' } } }],
  [
    'Map(LowCardinality(String), Array(UInt8))',
    { kind: 'map', key: { kind: 'dictionary' }, value: { kind: 'array', inner: { kind: 'fixed', of: 'u8' } } },
  ],
  ["SimpleAggregateFunction(max, DateTime('UTC'))", { kind: 'fixed', of: 'u32' }],
])('%s', (name, type) => {
  expect(parseNativeType(name)).toEqual(type)
})

test.each(['Nullable(String)', 'Tuple(UInt8, UInt8)', 'LowCardinality(UInt8)', 'AggregateFunction(sum, UInt64)', 'constructor', ''])(
  '%s is not read, and says so',
  (name) => {
    expect(() => parseNativeType(name)).toThrow(/not read/)
  },
)
