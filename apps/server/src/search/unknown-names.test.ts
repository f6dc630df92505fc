import { expect, test } from 'vitest'
import { partsOf } from './parts.ts'
import { searchFields } from './testing/search-cases.ts'
import { attributesAsked, unknownNames } from './unknown-names.ts'

const fields = searchFields(true)
const known = { rows: ['http.route', 'http.method', 'user_id', 'odd name', 'rare'], resources: ['k8s.pod.name', 'host.name'] }

/** The search, and the searches that it becomes by taking each of the suggestions for each of its wrong names. */
function meant(text: string, ...wanted: string[]): void {
  test(`${text} → ${wanted.join(', ') || 'nothing'}`, () => {
    const unknown = unknownNames(attributesAsked(text, fields), fields, known)
    const made = unknown.flatMap(({ from, to, meant: names }) => names.map(({ insert }) => text.slice(0, from) + insert + text.slice(to)))
    expect(made).toEqual(wanted)
  })
}

meant('http.route:/x')
meant('htpp.route:/x', 'http.route:/x')
meant('a -(http_route:/x OR b)', 'a -(http.route:/x OR b)')
meant('has:htp.method', 'has:http.method')
meant('@http.rotue:/x', '@http.route:/x')
meant('levle:error', 'level:error')
meant('servcie:api user.id:7', 'service:api user.id:7', 'servcie:api user_id:7')
meant('route:/x', 'http.route:/x')
meant('oddname:1', '"odd name":1')
meant('host.name:a k8s.pod.nam:b', 'host.name:a k8s.pod.name:b')
meant('@host.name:a')
meant('resource.host.nme:a', 'resource.host.name:a')
meant('nothing-like-it:1')
meant('xy:1')
meant('just words')

test('a name that nothing is near to is told too', () => {
  expect(unknownNames(attributesAsked('rare:1 nothing-like-it:1', fields), fields, known)).toEqual([
    { name: 'nothing-like-it', from: 7, to: 22, meant: [] },
  ])
})

test('a search falls into the parts that must all be met', () => {
  const parts = (text: string): string[][] => partsOf(text, fields, { nowMs: 0 }).map(({ text: part, rest }) => [part, rest])
  expect(parts('service:api (a OR b) -x')).toEqual([
    ['service:api', '(a OR b) NOT x'],
    ['a OR b', 'service:api NOT x'],
    ['NOT x', 'service:api (a OR b)'],
  ])
  expect(parts('service:api host:x')).toEqual([
    ['service:api', 'host:x'],
    ['host:x', 'service:api'],
  ])
  expect([parts('service:api'), parts('a OR b'), parts(''), parts('a b c d e f g h i')]).toEqual([[], [], [], []])
  const [first] = partsOf('service:api method:GET', fields, { nowMs: 0 })
  expect([first?.sql.includes('api'), first?.sql.includes('GET'), first?.restSql.includes('GET')]).toEqual([true, false, true])
})
