/**
 * Metrics from logs, counted as rows come in: every rule of the project is asked about every row once it is durable, so that what was
 * refused and comes again counts once. Values go to the
 * aggregates of metrics, which make series of them every ten seconds; weights of sampled rows count. A rule that fails harms no row.
 */
import type { LogMetricKind } from '@bellwether/protocol'
import type { Tenant } from '../../../kernel/scope.ts'
import {
  numberOfField,
  textOfField,
  TooMuchWork,
  type MatchBudget,
  type MatchWork,
  type RowMatcher,
  type RowView,
  type SearchFields,
  type TextReaderOfRow,
} from '../../../search/index.ts'
import type { SignalBatch, SignalObserver } from '../../../signals/index.ts'
import { LogRowView } from '../../batch-view.ts'
import { LogsBatch } from '../../schema.ts'

/** The aggregates of one project, see metrics/aggregates. Methods that take a handle give false when it is gone: find it again. */
export interface MetricSink {
  find(
    kind: LogMetricKind,
    labels: readonly (readonly [name: string, value: string])[],
    unit: string,
  ): { readonly type: 'ok'; readonly handle: number } | { readonly type: 'reject'; readonly reason: string; readonly detail: string }
  increment(handle: number, amount: number): boolean
  setGauge(handle: number, value: number): boolean
  observe(handle: number, value: number, weight: number): boolean
  addMember(handle: number, member: string): boolean
  /** Counts what got no aggregate. */
  refuse(reason: string, points: number): void
}

/** A rule that is in force. */
export interface ActiveLogMetric {
  readonly id: string
  readonly name: string
  readonly kind: LogMetricKind
  readonly field: string | null
  readonly tags: readonly string[]
  readonly unit: string
  readonly matches: RowMatcher
  readonly fields: SearchFields
}

/** What became of a rule's rows since the start; `skipped` gave no value, or nobody could look whether they match. */
export interface LogMetricState {
  matched: number
  skipped: number
  problem: string | null
}

/** What is said of a rule whose rows were not all looked at. */
const unseenProblem = 'Rows were not counted: to look for them would have taken too long. A simpler search, or fewer rules, see them all.'

/** Handles remembered by a rule; all are forgotten when there are more, and found again. */
const handlesMax = 10_000

export class LogMetricObserver implements SignalObserver {
  readonly #sinkOf: (tenant: Tenant) => MetricSink | null
  readonly #budget: MatchBudget
  readonly #rules = new Map<string, readonly Counter[]>()
  readonly #states = new Map<string, LogMetricState>()

  /** `sinkOf` gives null while metrics are not there yet; rows then count nowhere. `budget`: of work, shared with live tails. */
  constructor(sinkOf: (tenant: Tenant) => MetricSink | null, budget: MatchBudget) {
    this.#sinkOf = sinkOf
    this.#budget = budget
  }

  /** The rules of a project are these from now on; what their predecessors counted stays when the id does. */
  setRules(tenant: Tenant, rules: readonly ActiveLogMetric[]): void {
    const key = keyOf(tenant)
    if (rules.length === 0) this.#rules.delete(key)
    else
      this.#rules.set(
        key,
        rules.map((rule) => new Counter(rule, this.#stateOf(rule.id))),
      )
  }

  state(id: string): Readonly<LogMetricState> {
    return this.#states.get(id) ?? { matched: 0, skipped: 0, problem: null }
  }

  forget(id: string): void {
    this.#states.delete(id)
  }

  accepted(batch: SignalBatch): void {
    if (!(batch instanceof LogsBatch) || batch.rows === 0) return
    const counters = this.#rules.get(keyOf(batch.tenant))
    if (counters === undefined) return
    const sink = this.#sinkOf(batch.tenant)
    if (sink === null) return
    const view = new RememberedRow(new LogRowView(batch))
    const share = this.#budget.share(batch.tenant, batch.rows)
    // Each rule has its part, so that one that is heavy takes nothing from the others.
    const works = counters.map((_, i) => share.part(counters.length - i))
    for (let row = 0; row < batch.rows; row++) {
      view.at(row)
      const weight = batch.weight.f32(row)
      for (const [i, counter] of counters.entries()) {
        const work = works[i]
        if (work !== undefined) counter.see({ row: view, weight }, sink, work)
      }
    }
    for (const work of works) share.back(work)
  }

  #stateOf(id: string): LogMetricState {
    const state = this.#states.get(id) ?? { matched: 0, skipped: 0, problem: null }
    state.problem = null
    this.#states.set(id, state)
    return state
  }
}

function keyOf({ organizationId, projectId }: Tenant): string {
  return `${organizationId}/${projectId}`
}

/** Texts of one row are made once for all rules. */
class RememberedRow implements RowView {
  readonly #inner: LogRowView
  readonly #texts = new Map<string, string>()
  readonly #folded = new Map<string, string>()

  constructor(inner: LogRowView) {
    this.#inner = inner
  }

  at(row: number): void {
    this.#inner.at(row)
    this.#texts.clear()
    this.#folded.clear()
  }

  text(column: string): string {
    const known = this.#texts.get(column)
    if (known !== undefined) return known
    const text = this.#inner.text(column)
    this.#texts.set(column, text)
    return text
  }

  folded(column: string): string {
    const known = this.#folded.get(column)
    if (known !== undefined) return known
    const text = this.text(column).toLowerCase()
    this.#folded.set(column, text)
    return text
  }

  number(column: string): number {
    return this.#inner.number(column)
  }

  attributeCount(): number {
    return this.#inner.attributeCount()
  }

  attribute(key: string): string | null {
    return this.#inner.attribute(key)
  }

  someAttribute(see: (key: string, value: string) => boolean): boolean {
    return this.#inner.someAttribute(see)
  }

  resourceAttribute(key: string): string | null {
    return this.#inner.resourceAttribute(key)
  }
}

/** One rule at work. */
class Counter {
  readonly #rule: ActiveLogMetric
  readonly #state: LogMetricState
  readonly #tags: readonly (readonly [label: string, read: TextReaderOfRow])[]
  readonly #number: (row: RowView) => number
  readonly #text: TextReaderOfRow
  readonly #handles = new Map<string, number>()

  constructor(rule: ActiveLogMetric, state: LogMetricState) {
    this.#rule = rule
    this.#state = state
    this.#tags = rule.tags.map((tag) => [labelOf(tag), textOfField(rule.fields, tag)] as const)
    this.#number = rule.field === null ? () => 1 : numberOfField(rule.fields, rule.field)
    this.#text = rule.field === null ? () => null : textOfField(rule.fields, rule.field)
  }

  see({ row, weight }: { readonly row: RowView; readonly weight: number }, sink: MetricSink, work: MatchWork): void {
    if (!this.#isMatched(row, work)) return
    const { kind } = this.#rule
    this.#state.matched++
    const member = kind === 'set' ? this.#text(row) : ''
    const value = kind === 'set' ? 0 : this.#number(row)
    const isUsable = member !== null && Number.isFinite(value) && !(kind === 'counter' && value < 0)
    if (!isUsable) {
      this.#state.skipped++
      return
    }
    const values = this.#tags.map(([, read]) => read(row) ?? '')
    const key = values.length === 0 ? '' : JSON.stringify(values)
    const known = this.#handles.get(key)
    if (known !== undefined && this.#put(sink, known, { value, member, weight })) return
    const found = sink.find(kind, this.#labels(values), this.#rule.unit)
    if (found.type === 'ok' && this.#put(sink, found.handle, { value, member, weight })) {
      if (this.#handles.size >= handlesMax) this.#handles.clear()
      this.#handles.set(key, found.handle)
      return
    }
    const reason = found.type === 'reject' ? found.reason : 'aggregate_limit'
    sink.refuse(reason, 1)
    this.#state.skipped++
    this.#state.problem = found.type === 'reject' ? found.detail : 'There are too many aggregates.'
  }

  /** What could not be looked at is counted and told: it is no row that does not match. */
  #isMatched(row: RowView, work: MatchWork): boolean {
    try {
      if (work.left > 0) return this.#rule.matches(row, work)
    } catch (error) {
      if (!(error instanceof TooMuchWork)) throw error
    }
    this.#state.skipped++
    this.#state.problem = unseenProblem
    return false
  }

  #labels(values: readonly string[]): [string, string][] {
    const labels = this.#tags.map(([label], i): [string, string] => [label, values[i] ?? ''])
    return [['__name__', this.#rule.name], ...labels.filter(([, value]) => value !== '')]
  }

  #put(sink: MetricSink, handle: number, { value, member, weight }: { value: number; member: string; weight: number }): boolean {
    switch (this.#rule.kind) {
      case 'counter':
        return sink.increment(handle, value * weight)
      case 'gauge':
        return sink.setGauge(handle, value)
      case 'distribution':
        return sink.observe(handle, value, weight)
      case 'set':
        return sink.addMember(handle, member)
    }
  }
}

/** A tag's name as a label that needs no quotes. */
export function labelOf(tag: string): string {
  const plain = tag.replace(/^(?:@|attr\.|attributes\.|resource\.)/, '').replaceAll(/[^A-Za-z0-9_]/g, '_')
  return /^[0-9]/.test(plain) || plain === '' ? `_${plain}` : plain
}
