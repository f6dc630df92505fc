/**
 * Whether readiness tells the truth: it is asked many times a second, and so are both engines through the program. What it said and
 * what was so are kept as one line of time each; told and true may differ only for as long as noticing takes.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../support/wait.ts'
import { accountsQuery, engineQuery, type Installation } from './installation.ts'

const askEveryMs = 50
/** The engines are asked less often: their answers cost the machine that is under test more. */
const askEnginesEveryMs = 200
/** Longer means that it does not answer. */
const answerMsMax = 1_500

interface Moment {
  readonly atMs: number
  readonly value: boolean
}

export interface Truth {
  /** How long it was not ready in all. */
  readonly notReadyMs: number
  /** Longest time that it was called ready while it did not answer. */
  readonly wronglyReadyMs: number
  /** Longest time that it was called not ready while everything answered. */
  readonly wronglyNotReadyMs: number
}

export class TruthWatch implements AsyncDisposable {
  readonly #installation: Installation
  readonly #told: Moment[] = []
  readonly #so: Moment[] = []
  readonly #stop = new AbortController()
  readonly #asking: Promise<void>[]

  constructor(installation: Installation) {
    this.#installation = installation
    this.#asking = [
      this.#ask(this.#told, ['/health/ready'], askEveryMs),
      this.#ask(this.#so, [engineQuery, accountsQuery], askEnginesEveryMs),
    ]
  }

  /** Resolves once, after `sinceMs`, it was called ready and all answered several times in a row; gives when that began. */
  async recovered(sinceMs: number, timeoutMs: number): Promise<number> {
    return await until(
      'readiness and answers',
      () => {
        const since = [this.#told, this.#so].map((moments) => wellSince(moments, sinceMs))
        return since.includes(Number.POSITIVE_INFINITY) ? null : Math.max(...since)
      },
      timeoutMs,
    )
  }

  /** Resolves once it is called not ready. */
  async notReady(sinceMs: number, timeoutMs: number): Promise<void> {
    await until('it to be called not ready', () => this.#told.some(({ atMs, value }) => atMs > sinceMs && !value), timeoutMs)
  }

  /** From `sinceMs` (`performance.now()`) to the first word that it is not ready; null when it never said so. */
  toldAfter(sinceMs: number): number | null {
    const first = this.#told.find(({ atMs, value }) => atMs >= sinceMs && !value)
    return first === undefined ? null : first.atMs - sinceMs
  }

  /** From `sinceMs` until now. */
  since(sinceMs: number): Truth {
    const told = this.#told.filter(({ atMs }) => atMs >= sinceMs)
    const so = this.#so.filter(({ atMs }) => atMs >= sinceMs)
    let notReadyMs = 0
    for (const [index, { atMs, value }] of told.entries()) if (!value) notReadyMs += (told[index + 1]?.atMs ?? atMs) - atMs
    return {
      notReadyMs,
      wronglyReadyMs: longestApart(told, so, true),
      wronglyNotReadyMs: longestApart(told, so, false),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#asking)
  }

  /** Notes whether all of these were answered, with the time of the question. */
  async #ask(moments: Moment[], paths: readonly string[], everyMs: number): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const atMs = performance.now()
      const answers = await Promise.all(paths.map((path) => this.#installation.ask(path, answerMsMax)))
      moments.push({ atMs, value: answers.every((answer) => answer !== null) })
      await sleep(everyMs)
    }
  }
}

function valueAt(moments: readonly Moment[], atMs: number): boolean | undefined {
  return moments.findLast((moment) => moment.atMs <= atMs)?.value
}

/** The longest time that `told` was this value and `so` was the other one. */
function longestApart(told: readonly Moment[], so: readonly Moment[], value: boolean): number {
  const times = [...told, ...so].map(({ atMs }) => atMs).sort((a, b) => a - b)
  let longestMs = 0
  let sinceMs: number | null = null
  for (const atMs of times) {
    const apart = valueAt(told, atMs) === value && valueAt(so, atMs) === !value
    if (!apart) sinceMs = null
    else {
      sinceMs ??= atMs
      longestMs = Math.max(longestMs, atMs - sinceMs)
    }
  }
  return longestMs
}

/** How many answers in a row say that it is well. */
const steadyAnswers = 3

/** When the last run of good answers after `sinceMs` began; infinite when it is too short yet. */
function wellSince(moments: readonly Moment[], sinceMs: number): number {
  const after = moments.filter(({ atMs }) => atMs >= sinceMs)
  const run = after.slice(after.findLastIndex(({ value }) => !value) + 1)
  return run.length < steadyAnswers ? Number.POSITIVE_INFINITY : (run[0]?.atMs ?? Number.POSITIVE_INFINITY)
}
