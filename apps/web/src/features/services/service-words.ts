/** What a list of services says in one sentence. */
import type { ServiceSummary } from '@bellwether/protocol'
import { formatRate, formatShare, toneOfErrors } from './red-words.ts'

/** "7 services answer 120/s. checkout fails most: 4.2 %." */
export function servicesLead(items: readonly ServiceSummary[]): string {
  if (items.length === 0) return 'No service sent a span in this time range.'
  const perSec = items.filter(({ isEntry }) => isEntry).reduce((sum, each) => sum + each.perSec, 0)
  const count = `${items.length} ${items.length === 1 ? 'service' : 'services'}`
  const work = perSec === 0 ? `${count}, none of which answers calls.` : `${count}, ${formatRate(perSec)} calls answered.`
  const worst = [...items].sort((a, b) => (b.errorRate ?? 0) - (a.errorRate ?? 0))[0]
  if (worst === undefined || toneOfErrors(worst.errorRate) === 'ok' || worst.errorRate === null) return `${work} None fails noticeably.`
  return `${work} ${worst.service} fails most: ${formatShare(worst.errorRate)}.`
}
