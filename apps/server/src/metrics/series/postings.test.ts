import fc from 'fast-check'
import { expect, test } from 'vitest'
import { blockRefsMax } from './ref-pool.ts'
import type { RefList } from './sorted-refs.ts'
import { TenantPostings } from './postings.ts'
import { SymbolTable } from './symbols.ts'

/** At once. */
function remove(postings: TenantPostings, refs: Uint32Array, eachPair: (ref: number, visit: (pair: number) => void) => void): void {
  const gone = new Set(refs)
  for (const _ of postings.removing(refs, eachPair, (ref) => !gone.has(ref)));
}

type Pair = readonly [name: string, value: string]

const pair: fc.Arbitrary<Pair> = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2', '3', '4', '5'))
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('add' as const), pairs: fc.uniqueArray(pair, { selector: ([name]) => name }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('remove' as const), share: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('forget' as const) }) },
)

function refsOf(list: RefList): number[] {
  return Array.from(list.refs.slice(0, list.length))
}

/** Postings beside a plain model of them. */
class Both {
  readonly symbols = new SymbolTable(3)
  readonly postings = new TenantPostings(this.symbols)
  /** Labels of each series in the lists. */
  readonly live = new Map<number, readonly Pair[]>()
  /** By ref: its pairs' numbers, until it is forgotten. */
  readonly numbers = new Map<number, Uint32Array>()
  removed: number[] = []
  #next = 0

  add(pairs: readonly Pair[]): void {
    // Numbers of forgotten series are used again, so refs do not only grow.
    let ref = this.#next
    for (let free = 0; free < this.#next; free++) if (!this.numbers.has(free)) ref = free
    this.#next = Math.max(this.#next, ref + 1)
    const numbers = Uint32Array.from(pairs, ([name, value]) => this.postings.intern(this.symbols.intern(name), this.symbols.intern(value)))
    this.postings.hold(numbers, 0, numbers.length)
    this.postings.add(ref, numbers, 0, numbers.length)
    this.numbers.set(ref, numbers)
    this.live.set(ref, pairs)
  }

  remove(share: number): void {
    const refs = [...this.live.keys()].filter((ref) => ref % share === 0)
    remove(this.postings, Uint32Array.from(refs), this.eachPair)
    for (const ref of refs) this.live.delete(ref)
    this.removed.push(...refs)
  }

  forget(): void {
    this.postings.release(Uint32Array.from(this.removed), this.eachPair)
    for (const ref of this.removed) this.numbers.delete(ref)
    this.removed = []
  }

  readonly eachPair = (ref: number, visit: (pair: number) => void): void => {
    for (const number of this.numbers.get(ref) ?? []) visit(number)
  }
}

test('agrees with a plain model, through removals, forgotten pairs and refs that are used again', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const both = new Both()
      for (const one of steps) {
        if (one.type === 'add') both.add(one.pairs)
        else if (one.type === 'remove') both.remove(one.share)
        else both.forget()
      }
      const { postings, symbols, live } = both
      const sorted = (refs: Iterable<number>): number[] => [...refs].sort((a, b) => a - b)
      expect(refsOf(postings.all)).toEqual(sorted(live.keys()))
      for (const name of ['a', 'b', 'c']) {
        for (const value of ['1', '2', '3', '4', '5']) {
          const want = [...live].filter(([, pairs]) => pairs.some((one) => one[0] === name && one[1] === value)).map(([ref]) => ref)
          const nameSymbol = symbols.find(name)
          const valueSymbol = symbols.find(value)
          const number = nameSymbol === -1 || valueSymbol === -1 ? -1 : postings.find(nameSymbol, valueSymbol)
          expect(refsOf(postings.list(number))).toEqual(sorted(want))
          expect(postings.seriesCount(number)).toBe(want.length)
        }
        const values = refsOf(postings.pairsOf(symbols.find(name))).filter((one) => postings.seriesCount(one) > 0)
        const want = new Set([...live.values()].flat().flatMap((one) => (one[0] === name ? [one[1]] : [])))
        expect(new Set(values.map((one) => symbols.text(postings.valueOf(one))))).toEqual(want)
      }
      const held = new Set([...both.numbers.values()].flatMap((numbers) => [...numbers]))
      expect(postings.pairCount).toBe(held.size)
    }),
    { numRuns: 300 },
  )
})

test('lists grow from one ref over blocks to an array of their own, and back', () => {
  const symbols = new SymbolTable(3)
  const postings = new TenantPostings(symbols)
  const number = Uint32Array.of(postings.intern(symbols.intern('a'), symbols.intern('1')))
  const count = blockRefsMax * 2
  const all = Array.from({ length: count }, (_, ref) => ref)
  for (const ref of all) {
    postings.hold(number, 0, 1)
    postings.add(ref, number, 0, 1)
    if (ref < 70 || Math.abs(ref - blockRefsMax) < 3) expect(refsOf(postings.list(number[0]!))).toEqual(all.slice(0, ref + 1))
  }
  const odd = all.filter((ref) => ref % 2 === 1)
  remove(postings, Uint32Array.from(all.filter((ref) => ref % 2 === 0)), (_ref, visit) => visit(number[0]!))
  expect(refsOf(postings.list(number[0]!))).toEqual(odd)
  remove(postings, Uint32Array.from(odd.slice(3)), (_ref, visit) => visit(number[0]!))
  expect(refsOf(postings.list(number[0]!))).toEqual([1, 3, 5])
  expect(refsOf(postings.all)).toEqual([1, 3, 5])
})

test('a label of many values: every pair is found, and none after it is given up', () => {
  const symbols = new SymbolTable(3)
  const postings = new TenantPostings(symbols)
  const name = symbols.intern('pod')
  const numbers = Array.from({ length: 5_000 }, (_, i) => postings.intern(name, symbols.intern(`pod-${i}`)))
  numbers.forEach((number, ref) => {
    postings.hold(Uint32Array.of(number), 0, 1)
    postings.add(ref, Uint32Array.of(number), 0, 1)
  })
  expect(numbers.map((_, i) => postings.find(name, symbols.find(`pod-${i}`)))).toEqual(numbers)
  const gone = Uint32Array.from({ length: 4_999 }, (_, ref) => ref)
  remove(postings, gone, (ref, visit) => visit(numbers[ref]!))
  postings.release(gone, (ref, visit) => visit(numbers[ref]!))
  expect([postings.pairCount, symbols.size, symbols.find('pod-7'), refsOf(postings.pairsOf(name))]).toEqual([1, 2, -1, [numbers[4_999]]])
  expect(postings.find(name, symbols.find('pod-4999'))).toBe(numbers[4_999])
})
