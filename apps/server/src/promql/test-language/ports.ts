/** The Prometheus test language: its vocabulary and the storage it runs over. */
import type { Labels, NativeHistogram } from '../../metrics/index.ts'
import type { SampleSource } from '../ports.ts'

/** Samples of one series; times ascending. */
export interface TestSeries {
  readonly labels: Labels
  readonly timesMs: readonly number[]
  /** `STALE` possible; NaN where there is a histogram. */
  readonly values: readonly number[]
  readonly histograms: readonly (NativeHistogram | null)[] | null
}

/** What a test file runs over; `clear` forgets everything loaded. */
export interface TestStorage {
  load(series: readonly TestSeries[]): Promise<void>
  clear(): Promise<void>
  readonly source: SampleSource
}

export interface TestFailure {
  /** Line of the `eval`, from 1. */
  readonly line: number
  readonly query: string
  readonly message: string
}

export interface TestReport {
  readonly passed: number
  readonly failed: number
  readonly failures: readonly TestFailure[]
}

/** What an `eval` promises beside its values. `text` null: any message will do. */
export interface Expectation {
  readonly kind: 'fail' | 'warn' | 'info' | 'no_warn' | 'no_info'
  readonly text: string | null
  readonly isRegex: boolean
}

export interface ExpectedSeries {
  readonly labels: Labels
  /** One entry a step; null: no sample. */
  readonly values: readonly (number | NativeHistogram | null)[]
}

export interface EvalCommand {
  readonly kind: 'eval'
  readonly line: number
  readonly query: string
  readonly startMs: number
  readonly endMs: number
  /** 0 for an instant query. */
  readonly stepMs: number
  readonly expectations: readonly Expectation[]
  readonly isOrdered: boolean
  readonly series: readonly ExpectedSeries[]
  readonly scalar: number | null
  readonly text: string | null
  /** `expect range vector`: the times the expected values stand for. */
  readonly rangeVector: { readonly startMs: number; readonly endMs: number; readonly stepMs: number } | null
}

export type TestCommand =
  | { readonly kind: 'clear' }
  | { readonly kind: 'load'; readonly series: readonly TestSeries[] }
  | EvalCommand
  | { readonly kind: 'broken'; readonly line: number; readonly query: string; readonly message: string }
