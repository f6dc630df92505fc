import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { completeSearch } from './completion.ts'
import type { ValueProvider } from './ports.ts'
import { searchFields } from './testing/search-cases.ts'

const occurring: Readonly<Record<string, readonly string[]>> = { service: ['api', 'api-gateway', 'web shop'], method: ['GET', 'POST'] }
const provider: ValueProvider = {
  values: (field, prefix) =>
    Promise.resolve(
      (occurring[field] ?? [])
        .filter((value) => value.toLowerCase().startsWith(prefix.toLowerCase()))
        .map((value) => ({ value, count: 1200 })),
    ),
  attributes: (prefix) =>
    Promise.resolve(['http.route', 'method', 'odd name'].filter((value) => value.startsWith(prefix)).map((value) => ({ value, count: 3 }))),
}
const deps = { fields: searchFields(true), values: provider }

/** `|` is the caret; wanted are the texts that the first suggestions would make of it. */
function completes(text: string, ...wanted: string[]): void {
  test(`${text}`, async () => {
    const cursor = text.indexOf('|')
    const written = text.replace('|', '')
    const { from, to, items } = await completeSearch(written, cursor, deps)
    const made = items.map(({ insert }) => written.slice(0, from) + insert + written.slice(to))
    expect(made.slice(0, wanted.length)).toEqual(wanted)
    if (wanted.length === 0) expect(items).toEqual([])
  })
}

describe('completion', () => {
  completes('ser|', 'service:')
  completes('lev|', 'level:')
  completes('-ser|', '-service:')
  completes('a (ser|', 'a (service:')
  completes('htt|', 'http.route:')
  completes('@m|', '@method:')
  completes('has:du|', 'has:duration ')
  completes('odd|', '"odd name":')
  completes('a O|', 'a OR ')
  completes('service:|', 'service:api ', 'service:api-gateway ', 'service:"web shop" ')
  completes('service:API-|', 'service:api-gateway ')
  completes('service:"we|', 'service:"web shop" ')
  completes('service:"we|"', 'service:"web shop" ')
  completes('service:a|pi x', 'service:api  x')
  completes('service:(api OR w|', 'service:(api OR "web shop" ')
  completes('method:P|', 'method:POST ')
  completes('service!=w|', 'service!="web shop" ')
  completes('level:>=w|', 'level:>=warn ')
  completes('scrubbed:|', 'scrubbed:true ', 'scrubbed:false ')
  completes('duration:|', 'duration:>100ms ')
  completes('duration:>|')
  completes('body:x|')
  completes('nothing-like-it|')
})

test('between conditions the words are offered', async () => {
  const { items } = await completeSearch('service:api ', 12, deps)
  expect(items.filter(({ kind }) => kind === 'operator').map(({ label }) => label)).toEqual(['AND', 'OR', 'NOT', 'has:'])
})

test('any text and caret give a range in the text', async () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab:("\\)>= @*-'), maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(text, fc.nat(25), async (written, cursor) => {
      const { from, to } = await completeSearch(written, cursor, deps)
      expect(from).toBeGreaterThanOrEqual(0)
      expect(to).toBeGreaterThanOrEqual(from)
      expect(to).toBeLessThanOrEqual(written.length)
    }),
    { numRuns: 500 },
  )
})
