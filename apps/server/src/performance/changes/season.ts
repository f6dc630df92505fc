/** Daily and weekly seasons: what is usual at this time of day, taken out of a series before changes are looked for. */
import { medianOf } from './ranks.ts'

const dayMs = 86_400_000
/** Slots of a day; finer ones would follow the noise. */
const slotMs = 1_800_000
const slots = dayMs / slotMs
/** Whole days that a season needs to be told from a change. */
const daysMin = 2
/** From so many days on, working days and weekends have a season each. */
const weeklyDaysMin = 13

/**
 * Takes the usual course of a day out of `values` (on a scale where effects add up, such as logarithms), in place of nothing: a new array.
 * `timesMs` are those of the values. With less than two days the values stay as they are. The course of a slot is the median over days of
 * the distance from that day's median, so that neither a spike nor a change on some of the days bends it.
 */
export function withoutSeason(values: Float64Array, timesMs: Float64Array): Float64Array {
  const n = values.length
  const spanMs = n === 0 ? 0 : timesMs[n - 1]! - timesMs[0]!
  if (spanMs < daysMin * dayMs) return values
  const isWeekly = spanMs >= weeklyDaysMin * dayMs
  const daily = dailyMedians(values, timesMs)
  const bySlot = new Map<number, number[]>()
  for (let i = 0; i < n; i++) {
    const slot = slotOf(timesMs[i]!, isWeekly)
    const own = bySlot.get(slot)
    const distance = values[i]! - daily[i]!
    if (own === undefined) bySlot.set(slot, [distance])
    else own.push(distance)
  }
  const course = new Map<number, number>()
  for (const [slot, distances] of bySlot) course.set(slot, medianOf(Float64Array.from(distances)))
  const out = new Float64Array(n)
  for (let i = 0; i < n; i++) out[i] = values[i]! - smoothCourse(course, timesMs[i]!, isWeekly)
  return isWeekly ? withoutWeekend(out, timesMs) : out
}

/** Median of the 24 hours around each value, a step of six hours for the cost of it. */
function dailyMedians(values: Float64Array, timesMs: Float64Array): Float64Array {
  const out = new Float64Array(values.length)
  const stepMs = dayMs / 4
  let from = 0
  let to = 0
  let last = -1
  let median = 0
  for (let i = 0; i < values.length; i++) {
    const cell = Math.floor(timesMs[i]! / stepMs)
    if (cell !== last) {
      last = cell
      const center = (cell + 0.5) * stepMs
      // At the ends the window is moved in, so that it always holds every time of day.
      const begin = Math.min(Math.max(center - dayMs / 2, timesMs[0]!), timesMs[timesMs.length - 1]! - dayMs)
      while (from > 0 && timesMs[from - 1]! >= begin) from--
      while (from < values.length && timesMs[from]! < begin) from++
      to = Math.max(to, from)
      while (to < values.length && timesMs[to]! <= begin + dayMs) to++
      median = medianOf(values, from, to)
    }
    out[i] = median
  }
  return out
}

function slotOf(timeMs: number, isWeekly: boolean): number {
  const slot = Math.floor((timeMs % dayMs) / slotMs)
  return isWeekly && isWeekend(timeMs) ? slot + slots : slot
}

/** 1970 began on a Thursday; UTC. */
function isWeekend(timeMs: number): boolean {
  const day = Math.floor(timeMs / dayMs) % 7
  return day === 2 || day === 3
}

/** Between the middles of two slots. */
function smoothCourse(course: ReadonlyMap<number, number>, timeMs: number, isWeekly: boolean): number {
  const own = course.get(slotOf(timeMs, isWeekly)) ?? 0
  const share = (timeMs % slotMs) / slotMs - 0.5
  const next = course.get(slotOf(timeMs + (share < 0 ? -slotMs : slotMs), isWeekly)) ?? own
  return own + (next - own) * Math.abs(share)
}

/** The level of weekends apart from that of working days. */
function withoutWeekend(values: Float64Array, timesMs: Float64Array): Float64Array {
  const working: number[] = []
  const weekend: number[] = []
  // Each weekend against the working days beside it, so that a change in between is no weekend.
  const days = new Map<number, number[]>()
  for (let i = 0; i < values.length; i++) {
    const day = Math.floor(timesMs[i]! / dayMs)
    const own = days.get(day)
    if (own === undefined) days.set(day, [values[i]!])
    else own.push(values[i]!)
  }
  const level = new Map(Array.from(days, ([day, own]) => [day, medianOf(Float64Array.from(own))]))
  for (const [day, own] of level) {
    if (!isWeekend(day * dayMs)) continue
    const saturday = Math.floor((day - 2) / 7) * 7 + 2
    const friday = level.get(saturday - 1)
    const monday = level.get(saturday + 2)
    if (friday === undefined || monday === undefined) continue
    working.push((friday + monday) / 2)
    weekend.push(own - (friday + monday) / 2)
  }
  if (working.length < 2) return values
  const shift = medianOf(Float64Array.from(weekend))
  return values.map((value, i) => (isWeekend(timesMs[i]!) ? value - shift : value))
}
