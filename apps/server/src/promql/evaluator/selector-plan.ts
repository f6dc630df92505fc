/**
 * Starts every read of a query at once, before anything is evaluated: one `select` (or push-down `grid`) a selector, equal requests
 * shared. The walk must visit nodes with the same grids as the evaluator, so both take them from `time-grid.ts`.
 */
import { AppError } from '../../kernel/errors.ts'
import type { SeriesBlock } from '../../metrics/index.ts'
import { tooManySeries } from '../errors.ts'
import type { GridHint, SeriesGrid, SourceRequest } from '../ports.ts'
import { childrenOf, unwrapParens, type Call, type Expr, type MatrixSelector, type VectorSelector } from '../syntax/ast.ts'
import type { QueryContext } from './context.ts'
import { readsStatistics, withDetectedHints } from './reset-hints.ts'
import { durationOf, narrowedGrid, referenceEndMs, referenceOf, subqueryGrid } from './time-grid.ts'
import type { Grid } from './values.ts'

export type Fetched = { readonly kind: 'block'; readonly block: SeriesBlock } | { readonly kind: 'grid'; readonly grid: SeriesGrid }

const pushedFunctions: ReadonlyMap<string, GridHint['func']> = new Map<string, GridHint['func']>([
  ['rate', 'rate'],
  ['increase', 'increase'],
  ['delta', 'delta'],
  ['irate', 'irate'],
  ['idelta', 'idelta'],
])

const noSeries: SeriesBlock = {
  labels: [],
  offsets: new Uint32Array(1),
  timesMs: new Float64Array(0),
  values: new Float64Array(0),
  histograms: null,
}

interface WindowedSelector {
  readonly selector: VectorSelector
  readonly windowMs: number
}

/** How a selector is read: the function that may be pushed down (null: none), and whether only statistics of histograms matter. */
interface Read {
  readonly func: GridHint['func'] | null
  readonly stats: boolean
}

export class SelectorPlan {
  readonly #ctx: QueryContext
  readonly #fetches = new Map<VectorSelector, Promise<Fetched>>()
  readonly #blocks = new Map<string, Promise<SeriesBlock>>()

  constructor(ctx: QueryContext, expr: Expr, grid: Grid) {
    this.#ctx = ctx
    this.#visit(expr, grid, false)
    // A rejection is reported where the selector is evaluated; here it only must not count as unhandled.
    for (const fetch of this.#fetches.values()) fetch.catch(() => undefined)
  }

  /** What the source gave for a selector of the planned expression. */
  fetched(selector: VectorSelector): Promise<Fetched> {
    return this.#fetches.get(selector) ?? Promise.resolve({ kind: 'block', block: noSeries })
  }

  /** `stats`: only counts and sums of histograms matter to what is above. */
  #visit(expr: Expr, outer: Grid, stats: boolean): void {
    const grid = narrowedGrid(expr, outer)
    if (grid.steps === 0) return
    switch (expr.kind) {
      case 'selector':
        return this.#instant(expr, grid, { func: 'last', stats })
      case 'matrix':
        return this.#range(expr, grid, { func: null, stats })
      case 'subquery':
        return this.#visit(expr.expr, subqueryGrid(this.#ctx, expr, grid), false)
      case 'call':
        return this.#call(expr, grid, readsStatistics(expr, stats))
      default: {
        const below = expr.kind === 'binary' ? readsStatistics(expr, stats) : stats
        for (const child of childrenOf(expr)) this.#visit(child, grid, below)
      }
    }
  }

  #call(node: Call, grid: Grid, stats: boolean): void {
    const first = node.args[0] === undefined ? null : unwrapParens(node.args[0])
    // `timestamp` of a selector wants the samples' own times, which a grid does not have.
    if (node.func === 'timestamp' && first?.kind === 'selector') {
      return this.#instant(first, narrowedGrid(first, grid), { func: null, stats })
    }
    const func = pushedFunctions.get(node.func)
    if (func !== undefined && first?.kind === 'matrix') return this.#range(first, narrowedGrid(first, grid), { func, stats })
    for (const arg of node.args) this.#visit(arg, grid, stats)
  }

  #instant(selector: VectorSelector, grid: Grid, read: Read): void {
    this.#fetches.set(selector, this.#fetch({ selector, windowMs: this.#ctx.limits.lookbackMs }, grid, read))
  }

  #range({ selector, range }: MatrixSelector, grid: Grid, read: Read): void {
    this.#fetches.set(selector, this.#fetch({ selector, windowMs: durationOf(this.#ctx, range) }, grid, read))
  }

  async #fetch({ selector, windowMs }: WindowedSelector, grid: Grid, { func, stats }: Read): Promise<Fetched> {
    const ctx = this.#ctx
    const reference = referenceOf(ctx, selector.shift, grid)
    const endMs = referenceEndMs(reference, grid)
    // Windows are left-open, the source's range is closed; times are whole milliseconds.
    const request: SourceRequest = { matchers: selector.matchers, fromMs: reference.startMs - windowMs + 1, toMs: endMs }
    if (func !== null && selector.mode === 'plain' && ctx.source.grid !== undefined) {
      const hint: GridHint = { func, startMs: reference.startMs, endMs, stepMs: reference.stepMs, windowMs }
      const pushed = grid.steps > 1 && reference.stepMs === 0 ? null : await ctx.source.grid(request, hint, ctx.signal)
      if (pushed !== null && pushed.steps === grid.steps) {
        this.#admit(pushed.labels.length, pushed.values.length)
        return { kind: 'grid', grid: pushed }
      }
    }
    const block = await this.#block(request)
    return { kind: 'block', block: stats ? withDetectedHints(block) : block }
  }

  #block(request: SourceRequest): Promise<SeriesBlock> {
    const key = JSON.stringify([request.fromMs, request.toMs, request.matchers])
    const known = this.#blocks.get(key)
    if (known !== undefined) return known
    const block = this.#ctx.source.select(request, this.#ctx.signal).then((result) => {
      this.#admit(result.labels.length, result.timesMs.length)
      return result
    })
    this.#blocks.set(key, block)
    return block
  }

  #admit(series: number, samples: number): void {
    if (series > this.#ctx.limits.seriesMax) throw new AppError(tooManySeries)
    this.#ctx.addSamplesRead(samples)
  }
}
