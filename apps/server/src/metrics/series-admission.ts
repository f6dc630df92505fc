/**
 * Series that the store never had are judged once before anything of them is logged. What was refused stays marked for a while, so that its
 * next samples cost one comparison; a mark is worth nothing once the ref means another series. 13 bytes a ref once anything was refused.
 */
import type { Tenant } from '../kernel/scope.ts'
import type { MetricsBatch } from './batch/metrics-batch.ts'
import type { RefusedSeries, SeriesDecisions } from './ports.ts'
import { grownU32 } from './series/growable.ts'
import type { SeriesRegistry } from './series/registry.ts'
import { never } from './series/series-columns.ts'

type RefusableSeries = Pick<SeriesRegistry, 'idLow' | 'columns'>

/** Refs with the place of their reason in `reasons`. */
export interface Refusals {
  readonly reasons: readonly string[]
  readonly refs: readonly number[]
  readonly reasonOf: readonly number[]
}

/** Rows of a batch that were taken out, by reason. */
export type TakenOut = ReadonlyMap<string, number>

export class SeriesAdmission {
  readonly #registry: RefusableSeries
  readonly #decisions: Pick<SeriesDecisions, 'clock' | 'gates'>
  readonly #reasons: string[] = []
  /** By ref: which series was refused, until when (seconds since 1970), and why (1 + place in `#reasons`). */
  #idLow = new Uint32Array(0)
  #untilSec = new Uint32Array(0)
  #reason = new Uint32Array(0)
  /** By ref: 1 + reason for the batch in hand, 0 otherwise. */
  #out = new Uint32Array(0)

  constructor(registry: RefusableSeries, decisions: Pick<SeriesDecisions, 'clock' | 'gates'> = { clock: { nowMs: () => 0 }, gates: [] }) {
    this.#registry = registry
    this.#decisions = decisions
  }

  /** Which of the batch's series with rows to write are refused; null: none. A promise only where someone outside is asked. */
  judge(tenant: Tenant, rowRefs: readonly number[]): Refusals | null | Promise<Refusals | null> {
    const open = this.#open(rowRefs)
    if (open === null) return null
    return this.#through(tenant, open, 0)
  }

  /** The same by what this program knows. */
  judgeNow(tenant: Tenant, rowRefs: readonly number[]): Refusals | null {
    const open = this.#open(rowRefs)
    if (open === null) return null
    for (const gate of this.#decisions.gates) this.#take(open, gate.judgeNow(tenant, open.unknown), gate.refusalSec)
    return open.refs.length === 0 ? null : open
  }

  /** Takes the rows of refused series out of the batch and their refs out of `rowRefs`. */
  takeOut(batch: MetricsBatch, rowRefs: number[], { reasons, refs, reasonOf }: Refusals): TakenOut {
    for (const [i, ref] of refs.entries()) {
      this.#out = grownU32(this.#out, ref + 1)
      this.#out[ref] = 1 + reasonOf[i]!
    }
    const counts = new Uint32Array(reasons.length)
    takeOutSamples(batch, this.#out, counts)
    takeOutHistograms(batch, this.#out, counts)
    takeOutSets(batch, this.#out)
    batch.exemplars = batch.exemplars.filter(({ seriesRef }) => (this.#out[seriesRef] ?? 0) === 0)
    let kept = 0
    for (const ref of rowRefs) if ((this.#out[ref] ?? 0) === 0) rowRefs[kept++] = ref
    rowRefs.length = kept
    const { columns } = this.#registry
    for (const ref of refs) {
      this.#out[ref] = 0
      // Another batch had it stored while this one was judged.
      if (columns.wasStored(ref)) continue
      // No sample of it is there: it is in no list of names and values.
      columns.firstMinute[ref] = never
      columns.lastMinute[ref] = 0
    }
    return new Map(reasons.map((reason, i) => [reason, counts[i] ?? 0] as const).filter(([, rows]) => rows > 0))
  }

  /** What is refused already, and what has to be judged. */
  #open(rowRefs: readonly number[]): OpenJudgement | null {
    const { gates, clock } = this.#decisions
    const registry = this.#registry
    if (gates.length === 0) return null
    let open: OpenJudgement | null = null
    const nowSec = clock.nowMs() / 1000
    for (const ref of rowRefs) {
      if (registry.columns.wasStored(ref)) continue
      open ??= { unknown: [], reasons: this.#reasons, refs: [], reasonOf: [] }
      if (this.#untilSec[ref]! > nowSec && this.#idLow[ref] === registry.idLow(ref)) {
        open.refs.push(ref)
        open.reasonOf.push(this.#reason[ref]! - 1)
      } else open.unknown.push(ref)
    }
    return open
  }

  async #rest(tenant: Tenant, open: OpenJudgement, from: { gate: number; verdict: Promise<RefusedSeries> }): Promise<Refusals | null> {
    this.#take(open, await from.verdict, this.#decisions.gates[from.gate]?.refusalSec ?? 0)
    return await this.#through(tenant, open, from.gate + 1)
  }

  #through(tenant: Tenant, open: OpenJudgement, from: number): Refusals | null | Promise<Refusals | null> {
    const { gates } = this.#decisions
    for (let at = from; at < gates.length && open.unknown.length > 0; at++) {
      const gate = gates[at]!
      const verdict = gate.judge(tenant, open.unknown)
      if (verdict instanceof Promise) return this.#rest(tenant, open, { gate: at, verdict })
      this.#take(open, verdict, gate.refusalSec)
    }
    return open.refs.length === 0 ? null : open
  }

  #take(open: OpenJudgement, { reason, refs }: RefusedSeries, refusalSec: number): void {
    if (refs.length === 0) return
    const { clock } = this.#decisions
    const place = this.#placeOf(reason)
    const untilSec = clock.nowMs() / 1000 + refusalSec
    for (const ref of refs) {
      this.#idLow = grownU32(this.#idLow, ref + 1)
      this.#untilSec = grownU32(this.#untilSec, this.#idLow.length)
      this.#reason = grownU32(this.#reason, this.#idLow.length)
      this.#idLow[ref] = this.#registry.idLow(ref)
      this.#untilSec[ref] = untilSec
      this.#reason[ref] = 1 + place
      open.refs.push(ref)
      open.reasonOf.push(place)
    }
    const refused = new Set(refs)
    open.unknown = open.unknown.filter((ref) => !refused.has(ref))
  }

  #placeOf(reason: string): number {
    const known = this.#reasons.indexOf(reason)
    return known === -1 ? this.#reasons.push(reason) - 1 : known
  }
}

interface OpenJudgement extends Refusals {
  unknown: number[]
  readonly refs: number[]
  readonly reasonOf: number[]
}

function takeOutSamples(batch: MetricsBatch, out: Uint32Array, counts: Uint32Array): void {
  const { seriesRefs, timesMs, values } = batch
  let kept = 0
  for (let i = 0; i < batch.sampleCount; i++) {
    const ref = seriesRefs[i]!
    const reason = ref < out.length ? out[ref]! : 0
    if (reason > 0) {
      if (isOwnZero(batch, i)) batch.ownSamples--
      else counts[reason - 1]!++
    } else {
      seriesRefs[kept] = ref
      timesMs[kept] = timesMs[i]!
      values[kept++] = values[i]!
    }
  }
  batch.sampleCount = kept
}

/** Did the decoder put this zero? Then no point of the sender's goes with it. */
function isOwnZero({ seriesRefs, values, timesMs, sampleCount, ownSamples }: MetricsBatch, row: number): boolean {
  const next = row + 1
  return ownSamples > 0 && values[row] === 0 && next < sampleCount && seriesRefs[next] === seriesRefs[row] && timesMs[next]! > timesMs[row]!
}

function takeOutHistograms(batch: MetricsBatch, out: Uint32Array, counts: Uint32Array): void {
  let kept = 0
  for (let i = 0; i < batch.histogramCount; i++) {
    const ref = batch.histogramRefs[i]!
    const reason = ref < out.length ? out[ref]! : 0
    if (reason > 0) counts[reason - 1]!++
    else {
      batch.histogramRefs[kept] = ref
      batch.histogramTimesMs[kept] = batch.histogramTimesMs[i]!
      batch.histograms[kept++] = batch.histograms[i]!
    }
  }
  batch.histogramRefs.length = batch.histogramTimesMs.length = batch.histograms.length = kept
  batch.histogramCount = kept
}

/** Sets stand beside float samples of the same series, which are the ones that are counted. */
function takeOutSets({ sets }: MetricsBatch, out: Uint32Array): void {
  const isOut = (row: number): boolean => (out[sets.refs[row]!] ?? 0) > 0
  if (!Array.from({ length: sets.count }, (_, row) => row).some(isOut)) return
  const before = sets.copy()
  sets.reset()
  for (let row = 0; row < before.count; row++) {
    if ((out[before.refs[row]!] ?? 0) > 0) continue
    sets.begin(before.refs[row]!, before.timesMs[row]!)
    for (let at = row === 0 ? 0 : before.ends[row - 1]!; at < before.ends[row]!; at++) {
      sets.add(before.members[at * 2]!, before.members[at * 2 + 1]!)
    }
  }
}
