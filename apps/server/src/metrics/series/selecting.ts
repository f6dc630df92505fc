/** Matchers → series of a tenant: posting lists are intersected and taken away; what has no list is judged a distinct value at a time. */
import type { Matcher } from '../model.ts'
import { compileMatcher, type CompiledMatcher } from './matcher.ts'
import type { PairRuns } from './pair-runs.ts'
import type { TenantPostings } from './postings.ts'
import { differenceKernel, intersectKernel, unionDisjointKernel, type RefList } from './sorted-refs.ts'
import type { SymbolTable } from './symbols.ts'

/** The parts of the index that selecting reads. */
export interface SelectableIndex {
  readonly symbols: SymbolTable
  readonly runs: PairRuns
}

/** Ascending refs of the series that satisfy every matcher. Throws `metrics.bad_regexp`. */
export function selectSeries(index: SelectableIndex, postings: TenantPostings, matchers: readonly Matcher[]): Uint32Array<ArrayBuffer> {
  return new Selecting(index, postings).select(matchers.map(compileMatcher))
}

class Selecting {
  readonly #index: SelectableIndex
  readonly #postings: TenantPostings

  constructor(index: SelectableIndex, postings: TenantPostings) {
    this.#index = index
    this.#postings = postings
  }

  select(matchers: readonly CompiledMatcher[]): Uint32Array<ArrayBuffer> {
    const candidates = this.#candidates(matchers)
    let refs = candidates.refs
    for (const matcher of candidates.rest) {
      if (refs.length === 0) break
      refs = this.#filter(refs, matcher)
    }
    return refs
  }

  /** Intersection of the matchers that name their values; the others are left to be checked series by series. */
  #candidates(matchers: readonly CompiledMatcher[]): { refs: Uint32Array<ArrayBuffer>; rest: CompiledMatcher[] } {
    const rest: CompiledMatcher[] = []
    const lists: RefList[] = []
    for (const matcher of matchers) {
      if (matcher.literals === null || matcher.matchesEmpty) rest.push(matcher)
      else lists.push(this.#listOfValues(matcher.name, matcher.literals))
    }
    lists.sort((a, b) => a.length - b.length)
    const first = lists[0]
    if (first !== undefined) {
      let refs = new Uint32Array(first.refs.slice(0, first.length))
      for (const list of lists.slice(1)) refs = intersectKernel({ refs, length: refs.length }, list)
      return { refs, rest }
    }
    const lead = rest.findIndex((matcher) => !matcher.matchesEmpty)
    const leading = rest[lead]
    const { all } = this.#postings
    if (leading === undefined) return { refs: new Uint32Array(all.refs.slice(0, all.length)), rest }
    rest.splice(lead, 1)
    return { refs: this.#scanValues(leading), rest }
  }

  #listOfValues(name: string, values: readonly string[]): RefList {
    const lists = values.map((value) => this.#postings.list(this.#pairOf(name, value)))
    if (lists.length === 1 && lists[0] !== undefined) return lists[0]
    const refs = unionDisjointKernel(lists)
    return { refs, length: refs.length }
  }

  #pairOf(name: string, value: string): number {
    const { symbols } = this.#index
    const nameSymbol = symbols.find(name)
    const valueSymbol = nameSymbol === -1 ? -1 : symbols.find(value)
    return valueSymbol === -1 ? -1 : this.#postings.find(nameSymbol, valueSymbol)
  }

  #scanValues(matcher: CompiledMatcher): Uint32Array<ArrayBuffer> {
    const postings = this.#postings
    const pairs = postings.pairsOf(this.#index.symbols.find(matcher.name))
    const lists: RefList[] = []
    for (let i = 0; i < pairs.length; i++) {
      const pair = pairs.refs[i]!
      if (matcher.matches(this.#index.symbols.decode(postings.valueOf(pair)))) lists.push(postings.list(pair))
    }
    return unionDisjointKernel(lists)
  }

  /** Keeps the refs whose label matches; every distinct value is judged once. */
  #filter(refs: Uint32Array<ArrayBuffer>, matcher: CompiledMatcher): Uint32Array<ArrayBuffer> {
    const name = this.#index.symbols.find(matcher.name)
    if (name === -1) return matcher.matchesEmpty ? refs : new Uint32Array(0)
    if (matcher.refused !== null && matcher.refused !== '') {
      return differenceKernel({ refs, length: refs.length }, this.#postings.list(this.#pairOf(matcher.name, matcher.refused)))
    }
    const verdicts = new Map<number, boolean>([[-1, matcher.matchesEmpty]])
    const out = new Uint32Array(refs.length)
    let count = 0
    for (const ref of refs) {
      const pair = this.#pairWith(ref, name)
      let verdict = verdicts.get(pair)
      if (verdict === undefined) {
        verdict = matcher.matches(this.#index.symbols.decode(this.#postings.valueOf(pair)))
        verdicts.set(pair, verdict)
      }
      if (verdict) out[count++] = ref
    }
    return out.slice(0, count)
  }

  /** The series' pair with that name, or -1. */
  #pairWith(ref: number, name: number): number {
    const { runs } = this.#index
    const { pairs } = runs
    for (let at = runs.start(ref), end = runs.end(ref); at < end; at++) if (this.#postings.nameOf(pairs[at]!) === name) return pairs[at]!
    return -1
  }
}
