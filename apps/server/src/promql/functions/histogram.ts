/** Functions of histograms, classic and native. */
import type { QueryContext } from '../evaluator/context.ts'
import type { Value, VectorValue } from '../evaluator/values.ts'
import type { Call } from '../syntax/ast.ts'

export type HistogramFunction = (ctx: QueryContext, node: Call, args: readonly Value[]) => VectorValue

export const histogramFunctions: ReadonlyMap<string, HistogramFunction> = new Map<string, HistogramFunction>([])
