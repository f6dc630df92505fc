/** Lets go of raw series that were silent for long, and of merged series without any, in steps: there may be half a million. */
import { rawCounterIdleMs, rawCounterIdlePressedMs, rawGaugeIdleMs } from './limits.ts'
import type { MergedPlaces } from './merged-places.ts'
import type { RawSeries } from './raw-series.ts'

/** Series looked at before others get their turn: some milliseconds where all of them go. */
const seriesPerStep = 8192

/** Between the steps anything may be folded: what is new stands behind what was there, and is looked at too. */
export function* sweeping(raw: RawSeries, places: MergedPlaces, nowMs: number): Generator<void> {
  const dead = places.takeDead()
  const nowSec = Math.floor(nowMs / 1000)
  const counterIdleSec = (raw.isPressed ? rawCounterIdlePressedMs : rawCounterIdleMs) / 1000
  const isUsed = new Set<number>()
  let looked = 0
  for (const slot of raw.slots()) {
    if (++looked % seriesPerStep === 0) yield
    const place = raw.target[slot] ?? 0
    const merged = places.at(place)
    const idleSec = nowSec - (raw.seenSec[slot] ?? 0)
    if (merged !== null && idleSec <= (merged.kind === 'counter' ? counterIdleSec : rawGaugeIdleMs / 1000)) {
      isUsed.add(place)
      continue
    }
    merged?.dropMember(raw, slot)
    raw.give(slot)
  }
  for (const [ref, place] of places.entries()) if (!isUsed.has(place)) places.forget(ref)
  places.giveBack(dead, nowMs)
}
