/** Frames: the same formula as PromQL over one window, by groups, or by a chosen few of them and the rest. */
import type { Matcher } from '../../metrics/index.ts'
import type { Component, Frame } from './formulas.ts'
import { anyOf, quoted, selectorText } from './promql-text.ts'

/** Marks which component a series of the answer belongs to. */
export const componentLabel = '__component__'
/** Holds the whole key of a group where groups are chosen. */
export const groupLabel = '__group__'
/** Between the values of a key. */
const keySeparator = '\u001f'

export function groupKey(values: readonly string[]): string {
  return values.join(keySeparator)
}

export interface FrameOptions {
  readonly storedName: string
  readonly matchers: readonly Matcher[]
  readonly groupBy: readonly string[]
  readonly windowMs: number
  /** Counted from the last sample before the window; otherwise extrapolated, which rollups can answer. */
  readonly isExact: boolean
  /** Keys of the groups answered one by one; the rest is the group with the key ''. Null: every group. */
  readonly chosen: readonly string[] | null
}

/** A key in the answer: chosen ones are marked, so that none is taken for the rest. */
export const chosenMark = '='

function chosenLabels(inner: string, { groupBy, chosen }: FrameOptions): string {
  if (chosen === null) return inner
  const joined = `label_join(${inner}, "${groupLabel}key__", ${quoted(keySeparator)}, ${groupBy.map(quoted).join(', ')})`
  return `label_replace(${joined}, "${groupLabel}", "${chosenMark}$1", "${groupLabel}key__", ${quoted(`(${anyOf(chosen)})`)})`
}

function frameOf(options: FrameOptions): Frame {
  const { storedName, matchers, groupBy, windowMs, isExact, chosen } = options
  const labels = chosen === null ? groupBy : [groupLabel]
  const by = (also?: string): string => {
    const names = also === undefined ? labels : [...labels, also]
    return names.length === 0 ? '' : ` by (${names.map(quoted).join(', ')})`
  }
  const ranged = (suffix: string, extra: readonly Matcher[] = []): string =>
    `${selectorText(storedName + suffix, [...matchers, ...extra])}[${windowMs}ms]`
  return {
    grouped(aggregation, inner, alsoBy) {
      const [op = aggregation, param] = aggregation.split(':')
      return `${op}${by(alsoBy)} (${param === undefined ? '' : `${param}, `}${inner})`
    },
    increase: (suffix, extra) => chosenLabels(`increase(${ranged(suffix, extra)}${isExact ? ' anchored' : ''})`, options),
    overTime: (func, extra) => chosenLabels(`${func}(${ranged('', extra)})`, options),
  }
}

/** One query for all PromQL components of a formula, each marked with its number; null when there are none. */
export function promqlOf(components: readonly Component[], options: FrameOptions): string | null {
  const frame = frameOf(options)
  const parts = components.flatMap((component, index) =>
    component.kind === 'promql' ? [`label_replace(${component.expression(frame)}, "${componentLabel}", "${index}", "", "")`] : [],
  )
  return parts.length === 0 ? null : parts.join(' or ')
}
