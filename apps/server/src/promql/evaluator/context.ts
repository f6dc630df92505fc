/** What one query carries through its evaluation: text, limits, cancellation, symbols, annotations. */
import { AppError } from '../../kernel/errors.ts'
import type { Clock } from '../../kernel/clock.ts'
import { queryCanceled, queryTimeout, tooManySamples, tooManySteps } from '../errors.ts'
import type { QueryLimits, SampleSource } from '../ports.ts'
import { Annotations } from './annotations.ts'
import type { SymbolTable } from './label-sets.ts'

/** Steps of one subquery: a week at a second has 604,800. Operators run over all steps of a scalar without a pause, 30 ns each. */
const subqueryStepsMax = 2_000_000

/** The event loop gets a turn after this long. */
const turnMs = 10
/** Cells or samples between two looks at the clock. */
const workPerCheck = 50_000

export interface QueryBounds {
  readonly startMs: number
  readonly endMs: number
  /** 0 for an instant query. */
  readonly stepMs: number
}

export interface ContextOptions {
  readonly text: string
  readonly bounds: QueryBounds
  readonly symbols: SymbolTable
  readonly source: SampleSource
  readonly limits: QueryLimits
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Metric names are dropped at the end of the query and not by each operator. */
  readonly delayedNames: boolean
}

export class QueryContext implements Disposable {
  readonly text: string
  readonly bounds: QueryBounds
  readonly source: SampleSource
  readonly limits: QueryLimits
  readonly delayedNames: boolean
  readonly symbols: SymbolTable
  readonly annotations: Annotations
  readonly #clock: Clock
  readonly #callerSignal: AbortSignal
  readonly #abort = new AbortController()
  readonly #timer: Disposable
  readonly #startedMs: number
  #turnStartMs: number
  #work = 0
  #samplesRead = 0
  #cellsHeld = 0
  readonly #held: Disposable[] = []

  constructor(options: ContextOptions) {
    this.text = options.text
    this.bounds = options.bounds
    this.symbols = options.symbols
    this.source = options.source
    this.limits = options.limits
    this.delayedNames = options.delayedNames
    this.annotations = new Annotations(options.text)
    this.#clock = options.clock
    this.#callerSignal = options.signal
    this.#startedMs = this.#clock.monotonicMs()
    this.#turnStartMs = this.#startedMs
    this.#timer = this.#clock.after(options.limits.timeoutMs, () => this.#abort.abort())
    this.#callerSignal.addEventListener('abort', this.#onCancel)
    if (this.#callerSignal.aborted) this.#abort.abort()
  }

  readonly #onCancel = (): void => this.#abort.abort()

  /** Aborts with the caller or at the deadline; handed to the source. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get isInstant(): boolean {
    return this.bounds.stepMs === 0
  }

  get samplesRead(): number {
    return this.#samplesRead
  }

  /** Counts samples taken from the source. Throws `query.too_many_samples`. */
  addSamplesRead(count: number): void {
    this.#samplesRead += count
    if (this.#samplesRead > this.limits.samplesMax) throw new AppError(tooManySamples)
  }

  /** Counts cells an operator is about to hold. Throws `query.too_many_samples` before the memory is taken. */
  reserveCells(count: number): void {
    this.#cellsHeld += count
    if (count > this.limits.samplesMax || this.#cellsHeld > this.limits.samplesMax * cellsPerSample) throw new AppError(tooManySamples)
  }

  /** Throws `query.too_many_steps` or `query.too_many_samples` for an inner grid that is too long. */
  refuseSteps(steps: number): void {
    if (steps > subqueryStepsMax) {
      const publicText = `a subquery would be evaluated at ${steps} steps; at most ${subqueryStepsMax} are allowed`
      throw new AppError(tooManySteps, { publicText, hint: 'Give the subquery a larger step or a shorter range.' })
    }
    if (steps > this.limits.samplesMax) throw new AppError(tooManySamples)
  }

  /** Throws `query.canceled` or `query.timeout` when the query should stop. */
  check(): void {
    if (this.#callerSignal.aborted) throw new AppError(queryCanceled)
    if (this.#abort.signal.aborted || this.#clock.monotonicMs() - this.#startedMs > this.limits.timeoutMs) throw new AppError(queryTimeout)
  }

  /** Records work done; true when it is time to `pause`. Called in loops, so it only counts. */
  spend(work: number): boolean {
    this.#work += work
    return this.#work >= workPerCheck
  }

  /** Checks for the end and lets others run when this turn was long. */
  async pause(): Promise<void> {
    this.#work = 0
    this.check()
    if (this.#clock.monotonicMs() - this.#turnStartMs < turnMs) return
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.#turnStartMs = this.#clock.monotonicMs()
    this.check()
  }

  /** Disposes of `resource` when the query ends. */
  hold(resource: Disposable): void {
    this.#held.push(resource)
  }

  /** Reads that are still under way, as after a failure elsewhere in the query, are aborted. */
  [Symbol.dispose](): void {
    this.#abort.abort()
    for (const resource of this.#held) resource[Symbol.dispose]()
    this.#timer[Symbol.dispose]()
    this.#callerSignal.removeEventListener('abort', this.#onCancel)
  }
}

/** All operators of a query together may hold this many cells for each sample the limit allows. */
const cellsPerSample = 20
