/** Runs a file in the Prometheus test language against the real evaluator, over any storage. */
import { systemClock } from '../../kernel/clock.ts'
import { isAppError } from '../../kernel/errors.ts'
import { createPromqlEngine } from '../engine.ts'
import type { PromqlEngine, QueryLimits, QueryOutcome } from '../ports.ts'
import { compareAnnotations, compareOutcome, pointsOf, textMatches } from './compare.ts'
import { parseTestFile } from './file-parser.ts'
import type { EvalCommand, TestFailure, TestReport, TestStorage } from './ports.ts'

/** Generous: a test is a promise about results and not about limits. */
const testLimits: QueryLimits = {
  samplesMax: 50_000_000,
  seriesMax: 1_000_000,
  timeoutMs: 60_000,
  stepsMax: 1_000_000,
  lookbackMs: 300_000,
}

interface Run {
  readonly engine: PromqlEngine
  readonly storage: TestStorage
}

export interface TestOptions {
  /** As `PromqlEngineOptions`; on unless said otherwise, because Prometheus' files are written for it. */
  readonly delayedNameRemoval?: boolean
}

/** Every `eval` counts as passed or failed; what cannot be read or is not supported counts as failed. */
export async function runPromqlTestFile(text: string, storage: TestStorage, options: TestOptions = {}): Promise<TestReport> {
  const engine = createPromqlEngine({ clock: systemClock, delayedNameRemoval: options.delayedNameRemoval ?? true })
  const failures: TestFailure[] = []
  let passed = 0
  await storage.clear()
  for (const command of parseTestFile(text)) {
    if (command.kind === 'clear') await storage.clear()
    else if (command.kind === 'load') await storage.load(command.series)
    else if (command.kind === 'broken') failures.push(command)
    else {
      const message = await runEval(engine, command, storage)
      if (message === null) passed++
      else failures.push({ line: command.line, query: command.query, message })
    }
  }
  return { passed, failed: failures.length, failures }
}

async function runEval(engine: PromqlEngine, command: EvalCommand, storage: TestStorage): Promise<string | null> {
  const failure = command.expectations.find((expectation) => expectation.kind === 'fail')
  let outcome: QueryOutcome
  try {
    outcome = await query(engine, command, storage)
  } catch (error) {
    const message = isAppError(error) ? error.publicText : `unexpected failure: ${String(error)}`
    if (failure === undefined || !isAppError(error)) return message
    return textMatches(message, failure.text, failure.isRegex) ? null : `expected an error with "${failure.text}", got "${message}"`
  }
  if (failure !== undefined) return 'expected an error, got a result'
  const difference = compareOutcome(command, outcome.value) ?? compareAnnotations(command.expectations, outcome)
  return difference ?? (await compareWithRange({ engine, storage }, command, outcome))
}

function query(engine: PromqlEngine, command: EvalCommand, storage: TestStorage): Promise<QueryOutcome> {
  const signal = new AbortController().signal
  if (command.stepMs === 0) return engine.instant(command.query, command.startMs, storage.source, testLimits, signal)
  return engine.range(command, storage.source, testLimits, signal)
}

/** Functions that see the query's bounds, so that an instant and a range query rightly differ. */
const boundsFunctions = /\b(?:start|end|step|range)\s*\(/

/** As Prometheus' runner: an instant result must come out of the middle of a range query as well. */
async function compareWithRange(run: Run, command: EvalCommand, outcome: QueryOutcome): Promise<string | null> {
  const { value } = outcome
  if (command.stepMs > 0 || command.isOrdered || value.type !== 'vector' || boundsFunctions.test(command.query)) return null
  const { query: text, startMs } = command
  const bounds = { query: text, startMs: startMs - 60_000, endMs: startMs + 60_000, stepMs: 60_000 }
  const range = await run.engine.range(bounds, run.storage.source, testLimits, new AbortController().signal)
  if (range.value.type !== 'matrix') return 'a range query did not give a matrix'
  const series = range.value.series.flatMap((one) => {
    const found = pointsOf(one).find(([timeMs]) => timeMs === startMs)
    if (found === undefined) return []
    const [, point] = found
    return [
      {
        labels: one.labels,
        timeMs: startMs,
        value: typeof point === 'number' ? point : NaN,
        histogram: typeof point === 'number' ? null : point,
      },
    ]
  })
  const difference = compareOutcome(command, { type: 'vector', timeMs: startMs, series })
  return difference === null ? null : `in range mode: ${difference}`
}
