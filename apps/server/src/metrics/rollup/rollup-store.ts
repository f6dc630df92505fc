/**
 * Answers range functions from rollups, for the steps that they cover completely. Whoever asks computes the other steps from samples.
 * Eligible: a function of `rollupFunctions`; step, window and start multiples of a bucket; the coarsest such bucket is read.
 */
import type { ClickHouse } from '../../engines/index.ts'
import { STALE, type GridHint } from '../model.ts'
import { stepsOf, type GridPrefix, type GridSource } from '../samples/grid-source.ts'
import { statementParts } from '../samples/statement.ts'
import type { SeriesRegistry } from '../series/registry.ts'
import { SelectedIds } from '../series/selected-ids.ts'
import { staleSql } from './bucket-values.ts'
import { DenseBuckets, denseSql } from './dense-buckets.ts'
import type { RollupMarks } from './marks.ts'
import { oddFlag, wavyFlag } from './row-columns.ts'
import { fiveMinutes, oneHour, type RollupWidth } from './spans.ts'
import { StepCells } from './step-cells.ts'
import { rollupFunctions, type BucketWindow, type RollupFunction } from './window-functions.ts'

/** Buckets of series held at once, about 60 bytes each; more series are read one group after the other. */
const cellsMax = 4_000_000

/** Buckets visited before other work gets its turn: about 5 ms at 10 ns each. */
const cellsPerTurn = 500_000

export class RollupStore implements GridSource {
  readonly #engine: Pick<ClickHouse, 'queryNative'>
  readonly #registry: SeriesRegistry
  readonly #marks: Pick<RollupMarks, 'cleanUntilMs'>

  constructor(engine: Pick<ClickHouse, 'queryNative'>, registry: SeriesRegistry, marks: Pick<RollupMarks, 'cleanUntilMs'>) {
    this.#engine = engine
    this.#registry = registry
    this.#marks = marks
  }

  /** As many of the first steps as are made of clean buckets now; none for other functions and grids. */
  coveredSteps(refs: Uint32Array, hint: GridHint): number {
    if (
      hint.withoutRollups === true ||
      hint.rollupsHiddenToMs === Infinity ||
      widthOf(hint) === null ||
      !rollupFunctions.has(hint.func) ||
      refs.length === 0
    )
      return 0
    const fromMs = hint.startMs - hint.windowMs
    let untilMs = hint.endMs
    let previous = -1
    for (const ref of refs) {
      const { index, tenant } = this.#registry.tenantOf(ref)
      if (index === previous) continue
      previous = index
      untilMs = this.#marks.cleanUntilMs(tenant, fromMs, untilMs)
    }
    return untilMs < hint.startMs ? 0 : stepsOf({ ...hint, endMs: untilMs })
  }

  /** Null when no step is covered, or a series holds what only its samples can answer. Errors: the engine's. */
  async read(refs: Uint32Array, hint: GridHint, signal: AbortSignal): Promise<GridPrefix | null> {
    const steps = this.coveredSteps(refs, hint)
    const width = widthOf(hint)
    const func = rollupFunctions.get(hint.func)
    if (steps === 0 || width === null || func === undefined) return null
    const values = new Float64Array(refs.length * steps).fill(STALE)
    const grid = new BucketGrid(hint, width, steps)
    const perGroup = Math.max(1, Math.floor(cellsMax / grid.buckets))
    for (let at = 0; at < refs.length; at += perGroup) {
      signal.throwIfAborted()
      const group = { refs: refs.subarray(at, at + perGroup), grid, func, signal }
      const rows = values.subarray(at * steps, (at + group.refs.length) * steps)
      // A bucket that was made again is there twice until the engine has merged its parts; leaving the older row out costs more.
      let outcome = await this.#readGroup(group, rows, '')
      if (outcome === 'twice') outcome = await this.#readGroup(group, rows, 'FINAL')
      if (outcome !== 'done') return null
    }
    return { steps, values }
  }

  async #readGroup(group: Group, values: Float64Array, final: '' | 'FINAL'): Promise<Outcome> {
    const { refs, grid, func } = group
    if (grid.perWindow === 1) {
      const cells = new StepCells(values.fill(STALE), grid.steps, oddFlagsOf(func))
      const condition = grid.perStep > 1 ? ` AND (bucket - ${grid.firstBucket}) % ${grid.perStep} = 0` : ''
      const step = grid.perStep > 1 ? `intDiv(bucket - ${grid.firstBucket}, ${grid.perStep})` : `bucket - ${grid.firstBucket}`
      const columns = `series, toUInt32(${step}), flags, if(count = 0, ${staleSql}, ${func.single(grid.width.bucketMs)})`
      return this.#stream(group, `SELECT ${columns} FROM ${grid.width.table} ${final}`, condition, cells)
    }
    const dense = new DenseBuckets(refs.length, grid.firstBucket, grid.buckets, func.columns, oddFlagsOf(func))
    const outcome = await this.#stream(group, `SELECT ${denseSql(func.columns)} FROM ${grid.width.table} ${final}`, '', dense)
    if (outcome === 'done') await computeGroup(dense, group, values)
    return outcome
  }

  async #stream({ refs, grid, signal }: Group, select: string, condition: string, into: RowTarget): Promise<Outcome> {
    const selected = new SelectedIds(this.#registry, refs)
    for (const part of statementParts(this.#registry, refs, grid.condition)) {
      const sql = `${select} WHERE ${part.condition}${condition}`
      for await (const block of this.#engine.queryNative({ sql, class: 'interactive', signal })) {
        into.add(block, selected)
        if (into.isOdd) return 'odd'
        if (into.hasTwice) return 'twice'
      }
    }
    return 'done'
  }
}

/** What rows are put into. */
type RowTarget = Pick<DenseBuckets, 'add' | 'isOdd' | 'hasTwice'>

/** `odd`: some bucket must be read from samples. `twice`: one came twice. */
type Outcome = 'done' | 'odd' | 'twice'

interface Group {
  readonly refs: Uint32Array
  readonly grid: BucketGrid
  readonly func: RollupFunction
  readonly signal: AbortSignal
}

function oddFlagsOf({ readsResets }: RollupFunction): number {
  return readsResets === true ? oddFlag | wavyFlag : oddFlag
}

/** Which buckets the windows of a grid are made of. */
class BucketGrid {
  readonly width: RollupWidth
  readonly steps: number
  readonly firstBucket: number
  readonly buckets: number
  readonly perStep: number
  readonly perWindow: number
  /** Buckets before this one are not to be seen. */
  readonly #shownFrom: number

  constructor(hint: GridHint, width: RollupWidth, steps: number) {
    this.width = width
    this.steps = steps
    this.perStep = steps > 1 ? hint.stepMs / width.bucketMs : 0
    this.perWindow = hint.windowMs / width.bucketMs
    this.firstBucket = (hint.startMs - hint.windowMs) / width.bucketMs
    this.#shownFrom = Math.max(Math.ceil((hint.rollupsHiddenToMs ?? -Infinity) / width.bucketMs), 0)
    this.buckets = (steps - 1) * this.perStep + this.perWindow
  }

  get condition(): string {
    const { slotBuckets } = this.width
    const last = this.firstBucket + this.buckets - 1
    const slots = `slot BETWEEN ${Math.floor(this.firstBucket / slotBuckets)} AND ${Math.floor(last / slotBuckets)}`
    return `${slots} AND bucket BETWEEN ${Math.max(this.firstBucket, this.#shownFrom)} AND ${last}`
  }
}

/** The coarsest buckets that all windows are made of, or null. */
function widthOf({ startMs, endMs, stepMs, windowMs }: GridHint): RollupWidth | null {
  if (windowMs <= 0 || startMs - windowMs < 0) return null
  const isAligned = (bucketMs: number): boolean =>
    startMs % bucketMs === 0 && windowMs % bucketMs === 0 && (endMs === startMs || (stepMs > 0 && stepMs % bucketMs === 0))
  return [oneHour, fiveMinutes].find(({ bucketMs }) => isAligned(bucketMs)) ?? null
}

/** Yields by buckets visited, within a series too: one series of many wide windows is seconds of work. */
async function computeGroup(dense: DenseBuckets, { refs, grid, func, signal }: Group, values: Float64Array): Promise<void> {
  const { steps, perStep, perWindow, buckets } = grid
  const window: BucketWindow = { from: 0, to: 0, bucketMs: grid.width.bucketMs }
  let visited = 0
  for (let s = 0; s < refs.length; s++) {
    for (let i = 0; i < steps; i++) {
      window.from = s * buckets + i * perStep
      window.to = window.from + perWindow
      values[s * steps + i] = func.compute(dense, window)
      visited += perWindow
      if (visited < cellsPerTurn) continue
      visited = 0
      await new Promise((resolve) => setImmediate(resolve))
      signal.throwIfAborted()
    }
  }
}
