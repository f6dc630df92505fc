/** What a comparison says in one sentence. */
import type { ComparedOperation, TracesComparison } from '@bellwether/protocol'
import { formatMs } from '../../../lib/units.ts'

/** Changes below this share of the median say nothing. */
const saysNothingShare = 0.05

function nameOf({ service, operation }: ComparedOperation): string {
  return `${service} ${operation}`
}

/** "The right side takes 320 ms longer (p50 410 ms, 90 ms on the left); most of it in db SELECT orders, +300 ms a trace." */
export function changeSentence({ left, right, operations }: TracesComparison): string {
  const [before, after] = [left.p50Ms ?? 0, right.p50Ms ?? 0]
  const change = after - before
  const isSame = Math.abs(change) <= Math.max(before, after) * saysNothingShare
  const whole = isSame
    ? `Both sides take about as long: ${formatMs(before)} and ${formatMs(after)} (p50).`
    : `The right side takes ${formatMs(Math.abs(change))} ${change > 0 ? 'longer' : 'less'} (p50 ${formatMs(after)}, ${formatMs(before)} on the left)`
  const ranked = [...operations].sort((a, b) => b.changeMs - a.changeMs)
  const most = change > 0 ? ranked[0] : ranked.at(-1)
  const hasReason = !isSame && most !== undefined && Math.sign(most.changeMs) === Math.sign(change)
  const sign = change > 0 ? '+' : '−'
  const reason = hasReason ? `; most of it in ${nameOf(most)}, ${sign}${formatMs(Math.abs(most.changeMs))} a trace.` : isSame ? '' : '.'
  const only = operations.filter((each) => each.left === null).length
  const gone = operations.filter((each) => each.right === null).length
  const news = only === 0 ? '' : ` ${only} ${only === 1 ? 'operation occurs' : 'operations occur'} only on the right.`
  const olds = gone === 0 ? '' : ` ${gone} only on the left.`
  return `${whole}${reason}${news}${olds}`
}
