/**
 * Starts every read of a query at once, before anything is evaluated. Steps that the source has at hand are read from there series by
 * series (`scan`), those before it are pushed down (`grid`) or selected; equal selections are shared. The walk must visit nodes with the same grids as the evaluator, so both take them from `time-grid.ts`.
 */
import { AppError } from '../../kernel/errors.ts'
import type { SeriesBlock, SeriesScan } from '../../metrics/index.ts'
import { tooManySeries } from '../errors.ts'
import type { GridHint, SourceRequest } from '../ports.ts'
import { childrenOf, unwrapParens, type Call, type Expr, type MatrixSelector, type VectorSelector } from '../syntax/ast.ts'
import type { QueryContext } from './context.ts'
import { readsStatistics, withDetectedHints } from './reset-hints.ts'
import { blockInput, scanInput, type InputPart } from './series-input.ts'
import { durationOf, narrowedGrid, referenceOf, subqueryGrid } from './time-grid.ts'
import type { Grid } from './values.ts'

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
  readonly func: string | null
  readonly stats: boolean
}

export class SelectorPlan {
  readonly #ctx: QueryContext
  readonly #fetches = new Map<VectorSelector, Promise<readonly InputPart[]>>()
  readonly #blocks = new Map<string, Promise<SeriesBlock>>()

  constructor(ctx: QueryContext, expr: Expr, grid: Grid) {
    this.#ctx = ctx
    this.#visit(expr, grid, false)
    // A rejection is reported where the selector is evaluated; here it only must not count as unhandled.
    for (const fetch of this.#fetches.values()) fetch.catch(() => undefined)
  }

  /** What the source gave for a selector of the planned expression: parts that together answer the steps of its grid. */
  fetched(selector: VectorSelector): Promise<readonly InputPart[]> {
    return this.#fetches.get(selector) ?? Promise.resolve([{ kind: 'rows', steps: 0, input: blockInput(noSeries) }])
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
    // A function of a range alone may be computed by the source; whether it is one that the source has, the source knows.
    if (first?.kind === 'matrix' && node.args.length === 1 && node.func !== 'absent_over_time') {
      return this.#range(first, narrowedGrid(first, grid), { func: node.func, stats })
    }
    for (const arg of node.args) this.#visit(arg, grid, stats)
  }

  #instant(selector: VectorSelector, grid: Grid, read: Read): void {
    this.#fetches.set(selector, this.#fetch({ selector, windowMs: this.#ctx.limits.lookbackMs }, grid, read))
  }

  #range({ selector, range }: MatrixSelector, grid: Grid, read: Read): void {
    // An anchored range also looks at the last sample before it.
    const anchorMs = selector.mode === 'anchored' ? this.#ctx.limits.lookbackMs : 0
    this.#fetches.set(selector, this.#fetch({ selector, windowMs: durationOf(this.#ctx, range) + anchorMs }, grid, read))
  }

  async #fetch({ selector, windowMs }: WindowedSelector, grid: Grid, { func, stats }: Read): Promise<readonly InputPart[]> {
    const ctx = this.#ctx
    const reference = referenceOf(ctx, selector.shift, grid)
    const { steps } = grid
    // Windows are left-open, the source's range is closed; times are whole milliseconds.
    const requestOf = (from: number, to: number): SourceRequest => ({
      matchers: selector.matchers,
      fromMs: reference.startMs + from * reference.stepMs - windowMs + 1,
      toMs: reference.startMs + (to - 1) * reference.stepMs,
    })
    const request = requestOf(0, steps)
    const scan = this.#scan(request)
    if (scan !== null && scan.coversFromMs <= request.fromMs) return [{ kind: 'rows', steps, input: scanInput(ctx, scan) }]
    const parts: InputPart[] = []
    let at = 0
    const isDivisible = steps === 1 || reference.stepMs > 0
    if (func !== null && selector.mode === 'plain' && isDivisible && ctx.source.grid !== undefined) {
      const hint: GridHint = { func, startMs: reference.startMs, endMs: request.toMs, stepMs: reference.stepMs, windowMs }
      const pushed = await ctx.source.grid(request, hint, ctx.signal)
      if (pushed !== null && pushed.steps > 0 && pushed.steps <= steps) {
        this.#admit(pushed.labels.length, pushed.values.length)
        parts.push({ kind: 'grid', steps: pushed.steps, grid: pushed })
        at = pushed.steps
      }
    }
    const scanned = scan === null || !isDivisible ? steps : firstCovered(scan.coversFromMs - request.fromMs, reference.stepMs, steps)
    if (at < scanned) {
      const block = await this.#block(requestOf(at, scanned))
      parts.push({ kind: 'rows', steps: scanned - at, input: blockInput(stats ? withDetectedHints(block) : block) })
      at = scanned
    }
    if (scan !== null && at < steps) parts.push({ kind: 'rows', steps: steps - at, input: scanInput(ctx, scan) })
    return parts
  }

  /** Held until the end of the query, so that what memory gives up meanwhile is not missed. */
  #scan(request: SourceRequest): SeriesScan | null {
    const scan = this.#ctx.source.scan?.(request) ?? null
    if (scan !== null) this.#ctx.hold(scan)
    return scan
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

/** The first step whose window, `missingMs` later than that of step 0, is covered; `steps` when there is none. */
function firstCovered(missingMs: number, stepMs: number, steps: number): number {
  if (missingMs <= 0) return 0
  return stepMs > 0 ? Math.min(Math.ceil(missingMs / stepMs), steps) : steps
}
