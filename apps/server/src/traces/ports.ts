/**
 * What traces give to the rest of the program. The tables of counts (`operations`, `operations_1h`; see tables.ts) have one row for each
 * (organization, project, service, name, kind, environment, release, step, keep):
 *
 *     org UInt32 · project UInt32 · service, name LowCardinality(String) · kind UInt8 (OTLP's number) ·
 *     environment, release LowCardinality(String) · step UInt32 (minutes, or hours, since 1970) · keep UInt16 (days) ·
 *     count, errors, total_ms Float64 (weighted by sampling) ·
 *     durations Map(UInt32, Float64): calls by bucket, bucket i ends at 2^(i/8) µs (duration-buckets.ts) ·
 *     slowest, failed String: an example trace (example-trace.ts), '' for none
 *
 * Rows are additive and may be there several times: always `sum`, `sumMap`, `max` over a GROUP BY. Services without a name are
 * `unknown_service`; operations beyond a bound are counted as `(other)`.
 */
import type { Scope } from '../kernel/scope.ts'

/** OTLP's numbers: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
export type SpanKind = 0 | 1 | 2 | 3 | 4 | 5

/** A trace that shows something. */
export interface ExampleTrace {
  readonly traceId: string
  readonly spanId: string
  readonly startMs: number
  readonly durationMs: number
}

export interface TimeRange {
  readonly fromMs: number
  readonly toMs: number
}

/** How long spans of a project are kept. */
export interface TraceKeeping {
  /** Days; those of everybody where the project has none of its own. */
  keepDays(organizationId: number, projectId: number): number
}

/**
 * Conditions without WHERE. Everything that is read goes through here: adds the tenant, and what retention hides. Ranges that end before they
 * begin are refused: `traces.bad_range`.
 */
export interface TraceReads {
  /** On `spans`, by time. */
  spans(scope: Scope, range: TimeRange): string
  /** On `spans`, by bucket, both inclusive: numbers, or expressions of ours. */
  buckets(scope: Scope, first: number | string, last: number | string): string
  /** On `traces`. */
  traces(scope: Scope): string
  /** On a table of counts with steps of so many seconds. */
  counts(scope: Scope, range: TimeRange, stepSec: number): string
  /** From when on spans of the projects are shown, ms: whole buckets, each time once. */
  shownFromMs(scope: Scope): readonly number[]
}
