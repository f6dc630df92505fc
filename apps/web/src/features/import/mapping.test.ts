import { describe, expect, test } from 'vitest'
import { foundByServer, mappingParameters, rolesOf, separatorOf, withRole } from './mapping.ts'

const found = { time: 't', timeFormat: 'auto', values: ['v'], labels: ['host'], name: '', nameColumn: 'm' } as const
const columns = ['t', 'host', 'v', 'm', 'x']

describe('roles of columns', () => {
  test('as the server found them', () => {
    expect(rolesOf(columns, { ...found, values: [...found.values], labels: [...found.labels] })).toEqual({
      t: 'time',
      host: 'label',
      v: 'value',
      m: 'name',
      x: 'none',
    })
  })

  test('all labels where it found nothing', () => {
    expect(rolesOf(['a', 'b'], null)).toEqual({ a: 'label', b: 'label' })
  })

  test('one time and one name at most', () => {
    const roles = { t: 'time', host: 'label', m: 'name' } as const
    expect(withRole(roles, 'host', 'time')).toEqual({ t: 'label', host: 'time', m: 'name' })
    expect(withRole(roles, 'host', 'name')).toEqual({ t: 'time', host: 'name', m: 'label' })
    expect(withRole(roles, 'host', 'none')).toEqual({ t: 'time', host: 'none', m: 'name' })
  })

  test('told to the server only where people said something', () => {
    expect(mappingParameters(foundByServer)).toEqual({})
    expect(
      mappingParameters({
        ...foundByServer,
        roles: { t: 'time', a: 'value', b: 'value', c: 'label', d: 'none', m: 'name' },
        timeFormat: 's',
        name: ' x ',
      }),
    ).toEqual({ time: 't', values: 'a,b', labels: 'c', nameColumn: 'm', timeFormat: 's', name: 'x' })
  })

  test('names with commas and quotes in them stay whole', () => {
    const roles = { t: 'time', 'power, kW': 'value', b: 'value', 'pipe 5"': 'label' } as const
    expect(mappingParameters({ ...foundByServer, roles })).toEqual({ time: 't', values: '"power, kW",b', labels: '"pipe 5"""' })
  })

  test('the separator is told where it is no comma', () => {
    expect(mappingParameters({ ...foundByServer, separator: 'tab' })).toEqual({ delimiter: 'tab' })
    expect(mappingParameters({ ...foundByServer, separator: ';' })).toEqual({ delimiter: ';' })
    expect(mappingParameters({ ...foundByServer, separator: ',' })).toEqual({})
  })
})

test.each([
  ['time\tpower, kW\thost\n1\t2\ta', 'tab'],
  ['time;power;host\n1;2,5;a', ';'],
  ['time,power', ','],
  ['time|power|host', '|'],
  ['"a;b;c",power\n', ','],
  ['alone\n1;2', ','],
  ['', ','],
])('the separator of %j', (head, separator) => expect(separatorOf(head)).toBe(separator))
