/** Which times an expression looks at: offsets, `@`, subquery grids, and what does not depend on the step at all. */
import { resolveDuration } from '../syntax/duration.ts'
import { childrenOf, type Call, type Expr, type Subquery, type TimeShift } from '../syntax/ast.ts'
import type { QueryContext } from './context.ts'
import type { Grid } from './values.ts'

/** Prometheus' default evaluation interval, the step of a subquery without one. */
export const defaultSubqueryStepMs = 60_000

/** Where a shifted selector looks at step `i`: `startMs + i * stepMs` (`stepMs` is 0 under `@`). */
export interface Reference {
  readonly startMs: number
  readonly stepMs: number
}

export function durationOf(ctx: QueryContext, expr: Parameters<typeof resolveDuration>[0]): number {
  const { bounds } = ctx
  return resolveDuration(expr, { stepMs: bounds.stepMs, rangeMs: bounds.endMs - bounds.startMs })
}

export function referenceOf(ctx: QueryContext, shift: TimeShift, grid: Grid): Reference {
  const offsetMs = shift.offset === null ? 0 : durationOf(ctx, shift.offset)
  if (shift.at === null) return { startMs: grid.startMs - offsetMs, stepMs: grid.stepMs }
  const { bounds } = ctx
  const atMs = shift.at.kind === 'time' ? shift.at.ms : shift.at.kind === 'start' ? bounds.startMs : bounds.endMs
  return { startMs: atMs - offsetMs, stepMs: 0 }
}

/** The last time a shifted selector looks at. */
export function referenceEndMs(reference: Reference, grid: Grid): number {
  return reference.startMs + (grid.steps - 1) * reference.stepMs
}

/** The inner grid of a subquery: multiples of its step within `(first reference - range, last reference]`. */
export function subqueryGrid(ctx: QueryContext, node: Subquery, grid: Grid): Grid {
  const reference = referenceOf(ctx, node.shift, grid)
  const resolved = node.step === null ? defaultSubqueryStepMs : durationOf(ctx, node.step)
  const stepMs = Math.max(1, resolved)
  const afterMs = reference.startMs - durationOf(ctx, node.range)
  const startMs = (Math.floor(afterMs / stepMs) + 1) * stepMs
  const endMs = referenceEndMs(reference, grid)
  const steps = grid.steps === 0 ? 0 : Math.max(0, Math.floor((endMs - startMs) / stepMs) + 1)
  ctx.refuseSteps(steps)
  return { startMs, stepMs, steps }
}

/** Functions whose value depends on the evaluation time even when their arguments do not. */
const timeDependent: ReadonlySet<string> = new Set(['time', 'timestamp', 'predict_linear', 'start', 'end', 'step', 'range'])
const dateFunctions: ReadonlySet<string> = new Set([
  'day_of_month',
  'day_of_week',
  'day_of_year',
  'days_in_month',
  'hour',
  'minute',
  'month',
  'year',
])

function callDependsOnTime(node: Call): boolean {
  return timeDependent.has(node.func) || (dateFunctions.has(node.func) && node.args.length === 0)
}

/** True when every step gives the same value, because every selector is pinned with `@`. */
export function isStepInvariant(expr: Expr): boolean {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return true
    case 'selector':
      return expr.shift.at !== null
    case 'matrix':
      return expr.selector.shift.at !== null
    case 'subquery':
      return expr.shift.at !== null
    case 'call':
      return !callDependsOnTime(expr) && expr.args.every(isStepInvariant)
    default:
      return childrenOf(expr).every(isStepInvariant)
  }
}

/** The grid an expression needs: one step where it is step-invariant and worth it, else the whole. */
export function narrowedGrid(expr: Expr, grid: Grid): Grid {
  if (grid.steps <= 1 || expr.kind === 'number' || expr.kind === 'string' || !isStepInvariant(expr)) return grid
  return { ...grid, steps: 1 }
}
