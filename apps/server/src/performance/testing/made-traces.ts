/** Traces made up for tests, span by span, in the ways that instrumentation really writes them. */
import type { SampledSpan, SampledTrace, SpanKind } from '../ports.ts'
import { randomOf } from './simulated-operation.ts'

export interface SpanDraft {
  readonly name: string
  readonly kind?: SpanKind
  readonly durationMs: number
  readonly attributes?: Readonly<Record<string, string>>
  /** Since the end of the sibling before it; negative: since the parent began, so that it runs beside the others. */
  readonly gapMs?: number
  readonly isBeside?: boolean
  readonly children?: readonly SpanDraft[]
}

/** Random choices of one test case. */
export class Dice {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = randomOf(seed * 2654435761)
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.#random()
  }

  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1))
  }

  chance(share: number): boolean {
    return this.#random() < share
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[Math.floor(this.#random() * items.length)] ?? items[0]
  }

  hex(digits: number): string {
    return Array.from({ length: digits }, () => Math.floor(this.#random() * 16).toString(16)).join('')
  }
}

export interface TraceDraft {
  readonly service: string
  readonly entry: SpanDraft
  readonly startMs: number
  /** Time of the entry besides its children. */
  readonly ownMs?: number
}

/** A trace of one entry; children begin after each other, unless they are beside. */
export function madeTrace({ service, entry, startMs, ownMs = 4 }: TraceDraft, dice: Dice): SampledTrace {
  const spans: SampledSpan[] = []
  const add = (draft: SpanDraft, parentId: string, atMs: number): number => {
    const spanId = dice.hex(16)
    const index = spans.length
    const span: SampledSpan = {
      spanId,
      parentId,
      service,
      name: draft.name,
      kind: draft.kind ?? 1,
      startMs: atMs,
      durationMs: draft.durationMs,
      isError: false,
      attributes: new Map(Object.entries(draft.attributes ?? {})),
    }
    spans.push(span)
    let cursor = atMs + Math.min(1, draft.durationMs / 10)
    let endMs = atMs + draft.durationMs
    for (const child of draft.children ?? []) {
      const begin = child.isBeside === true ? atMs + 1 + (child.gapMs ?? 0) : cursor + (child.gapMs ?? dice.between(0.1, 1.5))
      const end = add(child, spanId, begin)
      if (child.isBeside !== true) cursor = end
      endMs = Math.max(endMs, end + (parentId === '' ? ownMs : 0.2))
    }
    spans[index] = { ...span, durationMs: endMs - atMs }
    return endMs
  }
  add(entry, '', startMs)
  return { traceId: dice.hex(32), isWhole: true, spans }
}

/** A call of a database, as old or as stable conventions have it. */
export function query(text: string, durationMs: number, more: Partial<SpanDraft> & { system?: string; isOld?: boolean } = {}): SpanDraft {
  const { system = 'postgresql', isOld = false, ...rest } = more
  const attributes: Readonly<Record<string, string>> = isOld
    ? { 'db.system': system, 'db.statement': text }
    : { 'db.system.name': system, 'db.query.text': text }
  return { name: text.split(/\s/, 1)[0] ?? 'query', kind: 3, durationMs, attributes, ...rest }
}

export function fetched(url: string, durationMs: number, more: Partial<SpanDraft> & { method?: string; isOld?: boolean } = {}): SpanDraft {
  const { method = 'GET', isOld = false, ...rest } = more
  const attributes: Readonly<Record<string, string>> = isOld
    ? { 'http.method': method, 'http.url': url }
    : { 'http.request.method': method, 'url.full': url }
  return { name: method, kind: 3, durationMs, attributes, ...rest }
}

/** Work that asks nobody. */
export function work(name: string, durationMs: number, children: readonly SpanDraft[] = []): SpanDraft {
  return { name, durationMs, children }
}

/** The span that answers a request. */
export function served(
  route: string,
  path: string,
  children: readonly SpanDraft[],
  attributes: Readonly<Record<string, string>> = {},
): SpanDraft {
  const own = { 'http.request.method': 'GET', 'http.route': route, 'url.path': path }
  return { name: `GET ${route}`, kind: 2, durationMs: 3, attributes: { ...own, ...attributes }, children }
}
