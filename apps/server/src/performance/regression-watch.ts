/**
 * Looks for regressions of a project's operations at one pace: rows to series, changes, what was so a week ago, and then only what stays
 * significant among all that was tested. The deploy that fits is the cause.
 */
import type { Scope } from '../kernel/scope.ts'
import {
  fastAgeMaxMs,
  findRegressions,
  paces,
  seriesOf,
  testsOf,
  wasSoLastWeek,
  wrongShareMax,
  type Pace,
  type Regression,
} from './changes/regressions.ts'
import { significant } from './changes/change-point.ts'
import { titleLengthMax } from './limits.ts'
import { keyText } from './operations.ts'
import type { Deploy, FindingFact, OperationKey, OperationSource, OperationsRange, OperationStep, Sighting } from './ports.ts'

export interface WatchAsked {
  readonly pace: Pace
  readonly nowMs: number
  readonly operationsMax: number
  /** Newest first, as far back as the pace looks. */
  readonly deploys: readonly Deploy[]
  readonly signal: AbortSignal
  /** Others get their turn; called after each operation. */
  readonly pause: () => Promise<void>
}

const minuteMs = 60_000
const weekMs = 7 * 86_400_000
/** Spans of the newest minute are still coming in. */
const settleMs = 20_000
/** Services of deploys that a `deploy` look reads. */
const servicesMax = 20
/** A deploy comes before what it causes; its moment is only about known. */
const beforeDeployMs = 5 * minuteMs
const afterDeployMs: Readonly<Record<Pace, number>> = { deploy: 15 * minuteMs, fast: 40 * minuteMs, slow: 4 * 60 * minuteMs }

interface Found extends Regression {
  readonly key: OperationKey
}

/** Errors: those of the engine. */
export async function watchRegressions(source: OperationSource, scope: Scope, asked: WatchAsked): Promise<Sighting[]> {
  const { signal } = asked
  const settings = paces[asked.pace]
  const toMs = Math.floor((asked.nowMs - settleMs) / settings.stepMs) * settings.stepMs
  const range = { fromMs: toMs - settings.windowMs, toMs, stepMs: settings.stepMs }
  const rows = await rowsOf(source, scope, { ...asked, ...range })
  const found: Found[] = []
  let tests = 0
  for (const own of byOperation(rows).values()) {
    const [first] = own
    if (first === undefined) continue
    const key = { service: first.service, operation: first.operation, kind: first.kind }
    tests += testsOf(settings)
    for (const regression of findRegressions(seriesOf(own, settings), settings)) found.push({ ...regression, key })
    signal.throwIfAborted()
    await asked.pause()
  }
  const sure = significant(found, asked.pace === 'deploy' ? found.length : tests, wrongShareMax)
  const sightings: Sighting[] = []
  for (const regression of sure) {
    const cause = deployFor(regression, asked)
    if (asked.pace === 'deploy' && cause === null) continue
    if (asked.pace === 'fast' && (await isUsual(source, scope, { regression, toMs, signal }))) continue
    sightings.push(await sightingOf(source, scope, { regression, cause, toMs, signal }))
  }
  return sightings
}

async function rowsOf(source: OperationSource, scope: Scope, asked: WatchAsked & OperationsRange): Promise<OperationStep[]> {
  const { pace, deploys, operationsMax, fromMs, toMs, stepMs, signal } = asked
  const range = { fromMs, toMs, stepMs }
  if (pace !== 'deploy' || deploys.some(({ service }) => service === null))
    return await source.steps(scope, { ...range, operationsMax }, signal)
  const services = [...new Set(deploys.map(({ service }) => service ?? ''))].slice(0, servicesMax)
  const rows: OperationStep[] = []
  for (const service of services) rows.push(...(await source.steps(scope, { ...range, service, operationsMax }, signal)))
  return rows
}

function byOperation(rows: readonly OperationStep[]): Map<string, OperationStep[]> {
  const out = new Map<string, OperationStep[]>()
  for (const row of rows) {
    const key = keyText(row)
    const own = out.get(key)
    if (own === undefined) out.set(key, [row])
    else own.push(row)
  }
  return out
}

/** The deploy nearest to the change among those of the operation's service, told ones first; null: none fits. */
export function deployFor(
  { changeMs, key }: Pick<Found, 'changeMs' | 'key'>,
  { deploys, pace }: Pick<WatchAsked, 'deploys' | 'pace'>,
): Deploy | null {
  const fitting = deploys.filter(({ service, atMs }) => {
    const laterMs = changeMs - atMs
    return (
      (service === null || service === key.service) && laterMs >= -beforeDeployMs - paces[pace].stepMs && laterMs <= afterDeployMs[pace]
    )
  })
  const distance = ({ atMs, source }: Deploy): number => Math.abs(changeMs - atMs) + (source === 'api' ? 0 : minuteMs)
  return [...fitting].sort((a, b) => distance(a) - distance(b))[0] ?? null
}

interface Judged {
  readonly regression: Found
  readonly toMs: number
  readonly signal: AbortSignal
}

/** Is it too old for this pace, or as it was a week ago at this time? */
async function isUsual(source: OperationSource, scope: Scope, { regression, toMs, signal }: Judged): Promise<boolean> {
  if (toMs - regression.changeMs > fastAgeMaxMs) return true
  const { stepMs } = paces.fast
  const range = { fromMs: regression.changeMs - weekMs, toMs: toMs - weekMs, stepMs }
  const rows = await source.steps(scope, { ...range, ...regression.key, operationsMax: 1 }, signal)
  return rows.length > 0 && wasSoLastWeek(regression, seriesOf(rows, paces.fast))
}

async function sightingOf(source: OperationSource, scope: Scope, judged: Judged & { readonly cause: Deploy | null }): Promise<Sighting> {
  const { regression, cause, toMs, signal } = judged
  const { key, kind, measure, before, after, changeMs } = regression
  const asked = { ...key, fromMs: changeMs, toMs: toMs + minuteMs, isError: kind === 'error_regression' }
  const example = await source.example(scope, asked, signal)
  return {
    ...key,
    finding: kind,
    subject: '',
    title: titleOf(regression).slice(0, titleLengthMax),
    firstMs: changeMs,
    lastMs: toMs,
    occurrences: 1,
    changeMs,
    facts: factsOf(regression),
    example: example === null ? null : { traceId: example.traceId, spanIds: [example.spanId], atMs: example.atMs },
    cause,
    levels: { measure, before, after },
  }
}

const names = {
  p50: 'Median duration',
  p95: '95th percentile of the duration',
  errorRate: 'Share of failed calls',
  perMinute: 'Calls a minute',
} as const

function titleOf({ key, kind, factor, before, after }: Found): string {
  const times = factor >= 10 ? Math.round(factor) : Number(factor.toFixed(1))
  if (kind === 'latency_regression') return `${key.operation} takes ${times} times as long: ${text(before)} ms became ${text(after)} ms`
  if (kind === 'error_regression') return `${key.operation} fails more: ${text(before * 100)} % became ${text(after * 100)} %`
  return `${key.operation} is called less: ${text(before)} a minute became ${text(after)}`
}

function text(value: number): string {
  return value >= 100 ? `${Math.round(value)}` : `${Number(value.toPrecision(2))}`
}

function factsOf({ measure, before, after, factor, probability }: Found): FindingFact[] {
  const unit = measure === 'errorRate' ? 'ratio' : measure === 'perMinute' ? 'perMinute' : 'ms'
  return [
    { name: `${names[measure]} before`, value: before, unit },
    { name: `${names[measure]} after`, value: after, unit },
    { name: 'Factor', value: measure === 'perMinute' ? 1 / factor : Math.min(factor, 10_000), unit: 'count' },
    { name: 'Probability that noise alone looks so', value: probability, unit: 'probability' },
  ]
}
