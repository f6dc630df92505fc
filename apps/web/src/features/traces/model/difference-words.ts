/** What makes the difference of two traces, in one sentence. */
import { formatMs } from '../../../lib/units.ts'
import { mostChanged, type DifferenceNode, type TraceDifference } from './trace-difference.ts'
import type { TraceModel } from './trace-model.ts'

/** Less of a change than this part of the longer trace is none. */
const sameShare = 0.01

function lengthNs({ tree }: TraceModel): number {
  return tree.toNs - tree.fromNs
}

function timesOf({ left, right }: DifferenceNode): string {
  const [before, after] = [left?.count ?? 0, right?.count ?? 0]
  return before === after ? '' : `, ${before.toLocaleString('en-US')}× → ${after.toLocaleString('en-US')}×`
}

/** "The right trace takes 812 ms longer (40 ms → 852 ms). The largest change: catalog SELECT, 640 ms more of its own time, 2× → 21×." */
export function differenceSentence(difference: TraceDifference, models: { readonly left: TraceModel; readonly right: TraceModel }): string {
  const [left, right] = [lengthNs(models.left), lengthNs(models.right)]
  const change = right - left
  const isSame = Math.abs(change) < Math.max(left, right) * sameShare
  const whole = isSame
    ? 'Both take about as long.'
    : `The right trace takes ${formatMs(Math.abs(change) / 1e6)} ${change > 0 ? 'longer' : 'less'} (${formatMs(left / 1e6)} → ${formatMs(right / 1e6)}).`
  const most = mostChanged(difference)
  if (most === null) return `${whole} No operation differs.`
  const own = `${formatMs(Math.abs(most.changeNs) / 1e6)} ${most.changeNs > 0 ? 'more' : 'less'} of its own time`
  return `${whole} The largest change: ${most.service} ${most.name}, ${own}${timesOf(most)}.`
}
