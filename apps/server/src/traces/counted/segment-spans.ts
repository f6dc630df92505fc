/** The spans of all records of a segment side by side, words numbered over all of them: what the counted rows are made from. */
import type { Tenant } from '../../kernel/scope.ts'
import { f32At, type OwnedSignal, secondsOf, u16At, u32At, u64At, u8At, wordTexts, type WordView } from '../../signals/index.ts'
import { unknownService } from '../limits.ts'

/** Words over all records. Number 0 is the empty text. */
export class SegmentWords {
  readonly texts: string[] = ['']
  readonly #numbers = new Map<string, number>([['', 0]])

  numberOf(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    this.#numbers.set(text, this.texts.length)
    this.texts.push(text)
    return this.texts.length - 1
  }
}

export class SegmentSpans {
  readonly rows: number
  readonly words = new SegmentWords()
  readonly tenants: readonly Tenant[]
  readonly owned: readonly OwnedSignal[]
  /** First row of each record. */
  readonly firsts: Uint32Array
  /** By row: number of the tenant. */
  readonly tenant: Uint16Array
  /** Seconds since 1970. */
  readonly seconds: Uint32Array
  readonly keep: Uint16Array
  readonly durationNs: Float64Array
  readonly weight: Float64Array
  readonly kind: Uint8Array
  readonly status: Uint8Array
  /** Halves of span and parent ids, and the four parts of trace ids. */
  readonly spanId: Int32Array
  readonly parentId: Int32Array
  readonly traceId: Int32Array
  /** Numbers of words. */
  readonly service: Uint32Array
  readonly name: Uint32Array
  readonly environment: Uint32Array
  readonly release: Uint32Array
  readonly peer: Uint32Array
  readonly system: Uint32Array

  constructor(owned: readonly OwnedSignal[]) {
    this.owned = owned
    let rows = 0
    this.firsts = Uint32Array.from(owned, ({ record }) => (rows += record.rows) - record.rows)
    this.rows = rows
    this.tenant = new Uint16Array(rows)
    this.seconds = new Uint32Array(rows)
    this.keep = new Uint16Array(rows)
    this.durationNs = new Float64Array(rows)
    this.weight = new Float64Array(rows)
    this.kind = new Uint8Array(rows)
    this.status = new Uint8Array(rows)
    this.spanId = new Int32Array(rows * 2)
    this.parentId = new Int32Array(rows * 2)
    this.traceId = new Int32Array(rows * 4)
    this.service = new Uint32Array(rows)
    this.name = new Uint32Array(rows)
    this.environment = new Uint32Array(rows)
    this.release = new Uint32Array(rows)
    this.peer = new Uint32Array(rows)
    this.system = new Uint32Array(rows)
    this.tenants = this.#numberTenants()
    owned.forEach((one, i) => {
      this.#readNumbers(one, this.firsts[i]!)
      this.#readWords(one, this.firsts[i]!)
    })
  }

  /** The record that has the row, and its number there. */
  placeOf(row: number): { owned: OwnedSignal; row: number } {
    let record = 0
    while (record + 1 < this.firsts.length && this.firsts[record + 1]! <= row) record++
    return { owned: this.owned[record]!, row: row - this.firsts[record]! }
  }

  #numberTenants(): Tenant[] {
    const tenants: Tenant[] = []
    const numbers = new Map<string, number>()
    this.owned.forEach(({ tenant, record }, i) => {
      const key = `${tenant.organizationId}/${tenant.projectId}`
      let number = numbers.get(key)
      if (number === undefined) {
        number = tenants.push(tenant) - 1
        numbers.set(key, number)
      }
      this.tenant.fill(number, this.firsts[i], this.firsts[i]! + record.rows)
    })
    return tenants
  }

  #readNumbers({ record }: OwnedSignal, first: number): void {
    const [ts, keep, duration, weight] = [record.fixed('ts'), record.fixed('keep'), record.fixed('duration'), record.fixed('weight')]
    const [kind, status] = [record.fixed('kind'), record.fixed('status')]
    const [span, parent, trace] = [record.fixed('span_id'), record.fixed('parent_id'), record.fixed('trace_id')]
    for (let row = 0, at = first; row < record.rows; row++, at++) {
      this.seconds[at] = secondsOf(u32At(ts, row), u32At(ts, row, 4))
      this.keep[at] = u16At(keep, row)
      this.durationNs[at] = u64At(duration, row)
      this.weight[at] = f32At(weight, row)
      this.kind[at] = u8At(kind, row)
      this.status[at] = u8At(status, row)
      this.spanId[at * 2] = u32At(span, row)
      this.spanId[at * 2 + 1] = u32At(span, row, 4)
      this.parentId[at * 2] = u32At(parent, row)
      this.parentId[at * 2 + 1] = u32At(parent, row, 4)
      for (let part = 0; part < 4; part++) this.traceId[at * 4 + part] = u32At(trace, row, part * 4)
    }
  }

  #readWords({ record }: OwnedSignal, first: number): void {
    this.#column(record.word('service'), this.service, first, unknownService)
    this.#column(record.word('name'), this.name, first)
    this.#column(record.word('environment'), this.environment, first)
    this.#column(record.word('release'), this.release, first)
    this.#column(record.word('peer'), this.peer, first)
    this.#column(record.word('db_system'), this.system, first)
  }

  // oxlint-disable-next-line max-params -- one column
  #column(view: WordView, target: Uint32Array, first: number, whenEmpty = ''): void {
    const numbers = Uint32Array.from(wordTexts(view), (text) => this.words.numberOf(text === '' ? whenEmpty : text))
    const own = view.numbers
    for (let row = 0; row < own.length; row++) target[first + row] = numbers[own[row]!]!
  }
}
