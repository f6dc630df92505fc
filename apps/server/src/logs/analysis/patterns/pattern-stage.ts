/** Gives every log record its pattern before it is written. Costs a hash of the message's first line; new shapes a little more. */
import type { Tenant } from '../../../kernel/scope.ts'
import { secondsOf, type SignalBatch, type SignalStage } from '../../../signals/index.ts'
import { patternProjectsMax } from './limits.ts'
import { PatternBook } from './pattern-book.ts'
import { ShapeKernel } from './shape-kernel.ts'

export class Patterns implements SignalStage {
  readonly #kernel = new ShapeKernel()
  /** By tenant, least recently used first. */
  readonly #books = new Map<string, { readonly tenant: Tenant; readonly book: PatternBook }>()
  /** Called with a book that has to go, so that what it learned is written. */
  onEvicted: (tenant: Tenant, book: PatternBook) => void = () => undefined

  apply(batch: SignalBatch): void {
    if (batch.schema.kind !== 'logs' || batch.rows === 0) return
    const book = this.bookOf(batch.tenant)
    const body = batch.text('body')
    const pattern = batch.fixed('pattern')
    const { ts } = batch
    const nowSec = Math.floor(batch.nowMs / 1000)
    for (let first = 0; first < batch.rows;) {
      const last = this.#kernel.read(body, first)
      for (let row = first; row < last; row++) {
        const atSec = Math.floor(secondsOf(ts.u32(row), ts.u32(row, 1)))
        const low = this.#kernel.low(row - first)
        const high = this.#kernel.high(row - first)
        const known = book.match(low, high, atSec)
        if (known === null && !book.takesNew(nowSec)) continue
        const found = known ?? book.learn(body.bytes(row), { low, high }, atSec)
        pattern.setU32(row, found.low)
        pattern.setU32(row, found.high, 1)
      }
      first = last
    }
  }

  bookOf(tenant: Tenant): PatternBook {
    const key = keyOf(tenant)
    const known = this.#books.get(key)
    if (known !== undefined) {
      // Only the newest few change places, so that a busy project costs nothing.
      if (this.#books.size >= patternProjectsMax) {
        this.#books.delete(key)
        this.#books.set(key, known)
      }
      return known.book
    }
    if (this.#books.size >= patternProjectsMax) {
      const [first] = this.#books
      if (first !== undefined) {
        this.#books.delete(first[0])
        this.onEvicted(first[1].tenant, first[1].book)
      }
    }
    const book = new PatternBook()
    this.#books.set(key, { tenant, book })
    return book
  }

  /** The book of a tenant that has one. */
  peek(tenant: Tenant): PatternBook | null {
    return this.#books.get(keyOf(tenant))?.book ?? null
  }

  books(): Iterable<{ readonly tenant: Tenant; readonly book: PatternBook }> {
    return this.#books.values()
  }
}

function keyOf({ organizationId, projectId }: Tenant): string {
  return `${organizationId}/${projectId}`
}
