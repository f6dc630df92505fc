/**
 * The labelled set of regressions: operations that get slower, fail more or lose their traffic at a known moment, and operations that do
 * not, however much they look so: noise, days and weekends, heavy tails, bursts that are over, slow growth, changes for the better. Each is
 * looked at as the background run does it, time after time.
 */
import {
  fastAgeMaxMs,
  findRegressions,
  paces,
  seriesOf,
  wasSoLastWeek,
  type OperationSeries,
  type Pace,
  type Regression,
  type RegressionKind,
} from '../changes/regressions.ts'
import { partOf, quietShape, randomOf, SimulatedOperation, type MadeChange, type Shape } from './simulated-operation.ts'

const minuteMs = 60_000
const hourMs = 3_600_000
const dayMs = 86_400_000
/** A Monday. */
const beginMs = Date.UTC(2026, 8, 7)

/** What operations are like; the rest is as `quietShape`. */
export const shapes: Readonly<Record<string, Partial<Shape>>> = {
  plain: {},
  noisy: { spread: 1.1, wander: 0.2, memory: 0.95 },
  seasonal: { dailyFactor: 3, weekendShare: 0.2 },
  'heavy-tailed': { tailShare: 0.1, spread: 0.9 },
  spiky: { spikeChance: 0.005, spikeFactor: 6, spikeMinutes: 6 },
  'nightly job': { nightly: 4 },
  growing: { growth: 1.3 },
  'few calls': { perMinute: 0.5 },
  failing: { errorRate: 0.05 },
  wandering: { wander: 0.3, memory: 0.99 },
}

export function shapeOf(name: string, seed: number): Shape {
  return { ...quietShape, perMinute: 5, ...shapes[name], seed }
}

export interface LabelledChange {
  readonly name: string
  readonly label: RegressionKind | null
  readonly pace: Pace
  readonly change: Partial<MadeChange>
  /** Days of history, and hours that follow. */
  readonly days: number
  readonly hours: number
  readonly shapes: readonly string[]
}

const most = ['plain', 'noisy', 'seasonal', 'heavy-tailed', 'spiky', 'nightly job', 'growing', 'failing']
const steady = most.filter((name) => name !== 'noisy')

export const labelledChanges: readonly LabelledChange[] = [
  {
    name: 'a third slower',
    label: 'latency_regression',
    pace: 'slow',
    change: { latencyFactor: 1.35 },
    days: 16,
    hours: 30,
    shapes: [...most, 'few calls'],
  },
  {
    name: 'twice as slow',
    label: 'latency_regression',
    pace: 'slow',
    change: { latencyFactor: 2 },
    days: 16,
    hours: 24,
    shapes: [...most, 'few calls'],
  },
  {
    name: 'three times as slow',
    label: 'latency_regression',
    pace: 'fast',
    change: { latencyFactor: 3 },
    days: 5,
    hours: 6,
    shapes: steady,
  },
  {
    name: 'three times as slow, deployed',
    label: 'latency_regression',
    pace: 'deploy',
    change: { latencyFactor: 3 },
    days: 0.2,
    hours: 1,
    shapes: steady,
  },
  {
    name: 'six times the errors',
    label: 'error_regression',
    pace: 'slow',
    change: { errorRate: 0.06 },
    days: 16,
    hours: 30,
    shapes: [...steady.filter((name) => name !== 'failing'), 'few calls'],
  },
  {
    name: 'a fifth fails',
    label: 'error_regression',
    pace: 'fast',
    change: { errorRate: 0.2 },
    days: 5,
    hours: 6,
    shapes: [...most, 'wandering'],
  },
  {
    name: 'a third fails, deployed',
    label: 'error_regression',
    pace: 'deploy',
    change: { errorRate: 0.33 },
    days: 0.2,
    hours: 1,
    shapes: [...most, 'wandering'],
  },
  {
    name: 'a third of the traffic',
    label: 'throughput_drop',
    pace: 'slow',
    change: { trafficFactor: 0.33 },
    days: 20,
    hours: 40,
    shapes: [...steady, 'noisy'],
  },
  { name: 'faster', label: null, pace: 'slow', change: { latencyFactor: 0.6 }, days: 16, hours: 24, shapes: most },
  { name: 'faster, deployed', label: null, pace: 'deploy', change: { latencyFactor: 0.4 }, days: 0.2, hours: 1, shapes: most },
  { name: 'fewer errors', label: null, pace: 'fast', change: { errorRate: 0.0005 }, days: 5, hours: 6, shapes: ['failing'] },
  { name: 'more traffic', label: null, pace: 'slow', change: { trafficFactor: 2.5 }, days: 20, hours: 24, shapes: most },
  { name: 'nothing, deployed', label: null, pace: 'deploy', change: {}, days: 0.2, hours: 1.8, shapes: Object.keys(shapes) },
  { name: 'nothing', label: null, pace: 'fast', change: {}, days: 5, hours: 6, shapes: Object.keys(shapes) },
  { name: 'new, with half a day of history', label: null, pace: 'fast', change: {}, days: 0.4, hours: 14, shapes: Object.keys(shapes) },
  { name: 'one part in fifty slower', label: null, pace: 'slow', change: { latencyFactor: 1.02 }, days: 16, hours: 24, shapes: most },
]

/** How often the background run looks: less often than in production, where the same series is looked at between. */
const lookMs: Readonly<Record<Pace, number>> = { slow: 4 * hourMs, fast: 30 * minuteMs, deploy: 3 * minuteMs }

export interface Looked {
  readonly regression: Regression
  /** Since the change. */
  readonly afterMs: number
}

/** All that is named, kind by kind, the first time; `changeMs` is when it was changed. */
export function lookedAt(
  { label, pace, change, days, hours }: LabelledChange,
  shape: Shape,
): { found: Map<RegressionKind, Looked>; changeMs: number } {
  const random = randomOf(shape.seed + 17)
  const changeMs = beginMs + Math.floor((days + random() * Math.min(2, days)) * 1440) * minuteMs
  const endMs = changeMs + hours * hourMs
  const made: MadeChange = { atMs: changeMs, latencyFactor: 1, errorRate: null, trafficFactor: 1, ...change }
  const operation = new SimulatedOperation(shape, beginMs, Math.ceil((endMs - beginMs) / minuteMs), made)
  const found = new Map<RegressionKind, Looked>()
  const settings = paces[pace]
  const all = seriesOf(operation.steps(beginMs, endMs, settings.stepMs), settings)
  for (let nowMs = changeMs + lookMs[pace]; nowMs <= endMs; nowMs += lookMs[pace]) {
    for (const regression of look(all, pace, nowMs)) {
      // A deploy is blamed for what happened at its time only.
      if (pace === 'deploy' && Math.abs(regression.changeMs - changeMs) > 10 * minuteMs) continue
      if (!found.has(regression.kind)) found.set(regression.kind, { regression, afterMs: nowMs - changeMs })
    }
    if (label !== null && found.has(label)) break
  }
  return { found, changeMs }
}

/** What one look at `nowMs` names. `all`: the series at the steps of the pace. */
export function look(all: OperationSeries, pace: Pace, nowMs: number): Regression[] {
  const settings = paces[pace]
  const stepStart = Math.floor(nowMs / settings.stepMs) * settings.stepMs
  return findRegressions(partOf(all, stepStart - settings.windowMs, stepStart), settings).filter((regression) => {
    if (pace !== 'fast') return true
    const { changeMs } = regression
    if (nowMs - changeMs > fastAgeMaxMs) return false
    return !wasSoLastWeek(regression, partOf(all, changeMs - 7 * dayMs, nowMs - 7 * dayMs))
  })
}

/** False alarms of a quiet operation over `days` days of production, after `before` days: one for each kind and change that is named. */
export function alarmsOf(shape: Shape, days: number, before: number): Regression[] {
  const endMs = beginMs + (before + days) * dayMs
  const operation = new SimulatedOperation(shape, beginMs, (before + days) * 1440)
  const alarms: Regression[] = []
  for (const pace of ['slow', 'fast'] as const) {
    const all = seriesOf(operation.steps(beginMs, endMs, paces[pace].stepMs), paces[pace])
    for (let nowMs = beginMs + before * dayMs; nowMs <= endMs; nowMs += lookMs[pace]) {
      for (const regression of look(all, pace, nowMs)) {
        // A finding that is open is not opened again.
        if (!alarms.some(({ kind, changeMs }) => kind === regression.kind && Math.abs(changeMs - regression.changeMs) < dayMs))
          alarms.push(regression)
      }
    }
  }
  return alarms
}
