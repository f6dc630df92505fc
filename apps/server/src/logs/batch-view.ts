/** A row of a batch as a search's matcher sees it, and as it is shown: for live tails and for rules that look at rows as they come in. */
import type { RowView } from '../search/index.ts'
import { msOf, preciseTime, type Resource } from '../signals/index.ts'
import type { LogRow } from './ports.ts'
import { hashText, rowId } from './row-id.ts'
import type { LogsBatch } from './schema.ts'

/** One object for all rows of a batch: `at` moves it. */
export class LogRowView implements RowView {
  readonly #batch: LogsBatch
  readonly #resources = new Map<string, Resource>()
  /** Names of attributes by their word. */
  readonly #names: string[] = []
  #row = 0

  constructor(batch: LogsBatch) {
    this.#batch = batch
    for (const resource of batch.resources) this.#resources.set(hashText(resource.low, resource.high), resource)
  }

  at(row: number): this {
    this.#row = row
    return this
  }

  text(column: string): string {
    const batch = this.#batch
    const row = this.#row
    switch (column) {
      case 'body':
        return batch.body.text(row)
      case 'trace_id':
      case 'span_id': {
        const id = column === 'trace_id' ? batch.traceId : batch.spanId
        return id.isZero(row) ? '' : Buffer.from(id.raw(row)).toString('hex')
      }
      case 'pattern':
        return hashText(batch.pattern.u32(row), batch.pattern.u32(row, 1))
      case 'problem':
        return hashText(batch.problem.u32(row), batch.problem.u32(row, 1))
      default:
        return batch.word(column).text(row)
    }
  }

  number(column: string): number {
    const batch = this.#batch
    const row = this.#row
    switch (column) {
      case 'severity':
        return batch.severity.u8(row)
      case 'ts':
        return msOf(batch.ts.u32(row), batch.ts.u32(row, 1))
      case 'weight':
        return batch.weight.f32(row)
      case 'scrubbed':
        return batch.scrubbed.u8(row)
      default:
        throw new Error(`logs have no number ${column}`)
    }
  }

  attributeCount(): number {
    const { attributes } = this.#batch
    return attributes.last(this.#row) - attributes.first(this.#row)
  }

  attribute(key: string): string | null {
    const { attributes } = this.#batch
    const last = attributes.last(this.#row)
    for (let pair = attributes.first(this.#row); pair < last; pair++)
      if (this.#nameOf(attributes.keys.word(pair)) === key) return attributes.values.text(pair)
    return null
  }

  someAttribute(see: (key: string, value: string) => boolean): boolean {
    const { attributes } = this.#batch
    const last = attributes.last(this.#row)
    for (let pair = attributes.first(this.#row); pair < last; pair++)
      if (see(this.#nameOf(attributes.keys.word(pair)), attributes.values.text(pair))) return true
    return false
  }

  resourceAttribute(key: string): string | null {
    return this.#resource()?.attributes.find(([name]) => name === key)?.[1] ?? null
  }

  /** The row as it is shown; a copy, which outlives the batch. */
  shown(): LogRow {
    const batch = this.#batch
    const row = this.#row
    const [low, high] = [batch.ts.u32(row), batch.ts.u32(row, 1)]
    const attributes: [string, string][] = []
    this.someAttribute((name, value) => {
      attributes.push([name, value])
      return false
    })
    return {
      id: rowId({ low, high, batch: batch.fixed('batch').u32(row), row: batch.fixed('row').u32(row) }),
      timestamp: preciseTime(low, high),
      severity: batch.severity.u8(row),
      service: batch.service.text(row),
      host: batch.host.text(row),
      environment: batch.environment.text(row),
      release: batch.release.text(row),
      scope: batch.scope.text(row),
      source: batch.source.text(row),
      body: batch.body.text(row),
      attributes: Object.fromEntries(attributes),
      resource: Object.fromEntries(this.#resource()?.attributes ?? []),
      traceId: this.text('trace_id'),
      spanId: this.text('span_id'),
      pattern: this.text('pattern'),
      problem: this.text('problem'),
      weight: batch.weight.f32(row),
      isScrubbed: batch.scrubbed.u8(row) !== 0,
    }
  }

  #nameOf(word: number): string {
    return (this.#names[word] ??= this.#batch.attributes.keys.words.text(word))
  }

  #resource(): Resource | undefined {
    const { resource } = this.#batch
    return this.#resources.get(hashText(resource.u32(this.#row), resource.u32(this.#row, 1)))
  }
}
