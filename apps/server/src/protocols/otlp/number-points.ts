/** NumberDataPoint of gauges and sums. Hot path: no object and no string for a known series. */
import { STALE } from '../../metrics/index.ts'
import { measuredValue, sampleValue } from '../decode/sample-value.ts'
import type { DecodeSession } from '../decode/session.ts'
import type { MetricContext } from './contexts.ts'
import { type PointTools, noRecordedValue } from './point-tools.ts'

const attributeTag = 58
const exemplarTag = 42

export class NumberPoints {
  readonly #tools: PointTools
  #timeMs = 0
  #startMs = 0
  #value = 0
  #hasValue = false
  #flags = 0
  #exemplars = false

  constructor(tools: PointTools) {
    this.#tools = tools
  }

  /** Reads the point the cursor stands before (its length comes first). The ref of the stored point, -1 when it was refused. */
  read(session: DecodeSession, metric: MetricContext): number {
    const { cursor, run } = this.#tools
    const outer = cursor.enter()
    const from = cursor.pos
    const to = cursor.end
    this.#fields()
    run.settle(from, to, attributeTag)
    const ref = this.#store(session, metric)
    if (ref >= 0 && this.#exemplars) this.#tools.exemplars(session, from, to, exemplarTag, () => ref)
    cursor.leave(outer)
    return ref
  }

  #fields(): void {
    const { cursor, run } = this.#tools
    run.begin(cursor.bytes)
    this.#timeMs = 0
    this.#startMs = 0
    this.#value = 0
    this.#hasValue = false
    this.#flags = 0
    this.#exemplars = false
    while (cursor.pos < cursor.end) {
      const at = cursor.pos
      const tag = cursor.readTag()
      switch (tag) {
        case attributeTag:
          this.#tools.noteAttribute(at)
          break
        case 17:
          this.#startMs = this.#tools.readTimeMs()
          break
        case 25:
          this.#timeMs = this.#tools.readTimeMs()
          break
        case 33: {
          const valueAt = cursor.pos
          this.#value = sampleValue(cursor.readDouble(), cursor.view, valueAt)
          this.#hasValue = true
          break
        }
        case 49:
          this.#value = measuredValue(cursor.readSfixed64())
          this.#hasValue = true
          break
        case 64:
          this.#flags = cursor.readVarint()
          break
        default:
          if (tag === exemplarTag) this.#exemplars = true
          cursor.skip(tag)
      }
    }
  }

  /** The ref of the stored point, -1 when it was refused. */
  #store(session: DecodeSession, metric: MetricContext): number {
    const tools = this.#tools
    const timeMs = this.#timeMs
    if (!tools.timeAccepted(session, metric, timeMs)) return -1
    const ended = (this.#flags & noRecordedValue) !== 0
    if (!this.#hasValue && !ended) {
      session.refuse('value_missing', 1, () => `${metric.name}: a point has no value`)
      return -1
    }
    const ref = tools.finder.find(session, metric, tools.run, attributeTag)
    if (ref < 0) tools.refuseUnfound(session)
    else if (ended) session.addSample(ref, timeMs, STALE)
    else if (metric.delta) return this.#storeDelta(session, metric, ref)
    else {
      if (metric.kind === 'counter' && this.#startMs > 0 && session.beginsAnew(ref, this.#startMs, timeMs, tools.finder.isDurable(ref))) {
        session.addOwnSample(ref, this.#startMs, 0)
      }
      session.addSample(ref, timeMs, this.#value)
    }
    return ref
  }

  #storeDelta(session: DecodeSession, metric: MetricContext, ref: number): number {
    const { memory } = session.state
    const amount = this.#value
    if (!Number.isFinite(amount) || amount === STALE) {
      session.refuse('value_not_finite', 1, () => `${metric.name}: a delta point is not a finite number`)
      return -1
    }
    if (!this.#tools.deltaAccepted(session, metric, ref, this.#timeMs)) return -1
    const zeroMs = metric.kind === 'counter' ? this.#tools.deltaZeroMs(session, ref, this.#startMs, this.#timeMs) : 0
    if (zeroMs > 0) session.addOwnSample(ref, zeroMs, 0)
    session.touch(ref, this.#timeMs, amount)
    session.addSample(ref, this.#timeMs, memory.addToTotal(ref, amount))
    return ref
  }
}
