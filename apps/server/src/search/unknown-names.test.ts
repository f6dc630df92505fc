import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileSearch } from './compile.ts'
import { comparedCellsMax, editDistance } from './near-names.ts'
import { otherCases } from './other-case.ts'
import { partsOf } from './parts.ts'
import { searchFields } from './testing/search-cases.ts'
import { attributesAsked, namesMeant, searchForName, unlistedNames, type KnownNames } from './unknown-names.ts'

const fields = searchFields(true)
const known = { rows: ['http.route', 'http.method', 'user_id', 'odd name', 'rare'], resources: ['k8s.pod.name', 'host.name'] }

function unknownNames(text: string, names: KnownNames = known, budget = { left: comparedCellsMax }): ReturnType<typeof namesMeant> {
  return namesMeant(unlistedNames(attributesAsked(text, fields), names), { fields, known: names }, budget)
}

/** The search, and the searches that it becomes by taking each of the suggestions for each of its wrong names. */
function meant(text: string, ...wanted: string[]): void {
  test(`${text} → ${wanted.join(', ') || 'nothing'}`, () => {
    const unknown = unknownNames(text)
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
  expect(unknownNames('rare:1 nothing-like-it:1')).toEqual([{ name: 'nothing-like-it', from: 7, to: 22, meant: [] }])
})

test('of many names the first few are told, each once, and none that nobody writes by hand', () => {
  const long = 'n'.repeat(61)
  const names = (text: string): string[] => unknownNames(text).map(({ name }) => name)
  expect(names(`${long}:1 one:1 rare:1 two:1 one:2 three:1 four:1`)).toEqual(['one', 'two', 'three'])
  expect(names(`@${'n'.repeat(60)}:1`)).toHaveLength(1)
})

test('a name is searched for as it was written', () => {
  for (const [name, keys] of [
    ['a"b *', ['a"b *']],
    ['@http.route', ['http.route']],
    ['resource.host.nme', ['host.nme']],
  ] as const) {
    expect(compileSearch(searchForName(name), fields, { nowMs: 0 }).names).toEqual(keys)
  }
})

test('what was meant is found in bounded work, however many and long the names are', () => {
  // Letters of no word, and names that are alike up to their last letters, for which no comparison ends early.
  const [letters, alike] = ['abcdefghijklmnopqrst', 'k8s.pod.label.of.a.very.long.name.that.goes.on.and.on.']
  const mixed = (n: number, length: number): string =>
    Array.from({ length }, (_, i) => letters[(n * 7919 + i * (n % 13) + i * i) % letters.length]).join('')
  const many = (of: (n: number) => string): string[] => Array.from({ length: 5000 }, (_, n) => of(n))
  const cells = (text: string, names: KnownNames): number => {
    const budget = { left: 1e12 }
    expect(unknownNames(text, names, budget).length).toBeLessThanOrEqual(3)
    return 1e12 - budget.left
  }
  // As many names as a search may have.
  const search = (of: (n: number) => string): string => {
    const names = Array.from({ length: 250 }, (_, n) => `${of(n + 9000)}:1`).join(' ')
    return names.slice(0, names.lastIndexOf(' ', 9999))
  }
  const [short, long] = [
    { rows: many((n) => mixed(n, 30)), resources: [] },
    { rows: many((n) => mixed(n, 200)), resources: [] },
  ]
  // Three names, five cells a row, and few rows of each.
  expect(
    cells(
      search((n) => mixed(n, 30)),
      short,
    ),
  ).toBeLessThan(3 * 5000 * 5 * 6)
  expect(
    cells(
      search((n) => mixed(n, 30)),
      long,
    ),
  ).toBeLessThan(1000)
  expect(
    cells(
      search((n) => mixed(n, 190)),
      long,
    ),
  ).toBe(0)

  const alikes = { rows: many((n) => `${alike}${n}`), resources: [] }
  const budget = { left: comparedCellsMax }
  unknownNames(
    search((n) => `${alike}x${n}`.slice(0, 60)),
    alikes,
    budget,
  )
  // The last comparison ends in the row that the budget does not reach.
  expect(budget.left).toBeGreaterThan(-6)
  expect(budget.left).toBeLessThanOrEqual(0)
})

test('distances are those of the whole table, up to the most that is asked', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 9 })
  fc.assert(
    fc.property(word, word, fc.integer({ min: 1, max: 3 }), (a, b, most) => {
      expect(editDistance(a, b, { most, budget: { left: 1000 } })).toBe(Math.min(wholeTable(a, b), most + 1))
    }),
  )
  expect(editDistance('route', 'rotue', { most: 2, budget: { left: 3 } })).toBe(3)
})

function wholeTable(a: string, b: string): number {
  const rows: number[][] = []
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Infinity
  for (let i = 0; i <= a.length; i++) {
    const row: number[] = []
    rows.push(row)
    for (let j = 0; j <= b.length; j++) {
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const change = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row[j] = i === 0 || j === 0 ? i + j : Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, change, isSwap ? at(i - 2, j - 2) + 1 : Infinity)
    }
  }
  return at(a.length, b.length)
}

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

test.each([
  ['service:Java', 'service:java'],
  ['a -service:Java service=JAVA', 'a -service:Java service=java'],
  ['(service:"Two words" OR b)', '(service:"two words" OR b)'],
  ['service:java'],
  ['service:Jav'],
  ['service:Jav*'],
  ['service:Both'],
  ['http.route:Java'],
])('the case of a word of %s', async (text, ...wanted) => {
  const known = ['java', 'two words', 'both', 'Both']
  const values = (_: string, prefix: string) =>
    Promise.resolve(known.filter((one) => one.startsWith(prefix.toLowerCase()) || one === prefix).map((value) => ({ value, count: 1 })))
  const found = await otherCases(text, fields, { values })
  expect(found.flatMap(({ from, to, meant: names }) => names.map(({ insert }) => text.slice(0, from) + insert + text.slice(to)))).toEqual(
    wanted,
  )
})
