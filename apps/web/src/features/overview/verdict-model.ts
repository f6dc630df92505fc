/** Is anything wrong? Findings from the state of the program, the counters and the sources; worst first. */
import type { SourceRow, SystemStatusBody, UsageRow } from '@bellwether/protocol'
import { formatAgo } from '../../lib/time-format.ts'
import { formatBytes, formatMs, formatValue } from '../../lib/units.ts'
import { componentName } from '../system/index.ts'
import { foreignSources, protocolName } from '../sources/index.ts'
import { balanceOf, countedRows, lostIn, reasonsOf, type LastingGaps } from '../usage/index.ts'

export interface Finding {
  readonly tone: 'warn' | 'down'
  readonly text: string
  /** Where to look. */
  readonly page: 'system' | 'usage' | 'refused' | 'sources'
}

/** Shares of the disk in use. */
const diskWarnFrom = 0.85
const diskDownFrom = 0.95
const logWarnFrom = 0.5
/** What waits longer than this in the queue is not being written. */
const queueOldMs = 60_000
/** A source is missed after this silence, and forgotten after a day. */
const silentMs = 10 * 60_000
const forgottenMs = 24 * 3_600_000

/** What sent for less than this was sent by hand or from a file: it is over, and nobody misses it. */
const lastingMs = 3_600_000

/** Refused or dropped rows are worth a look from this share of what was received. */
const shareWarnFrom = 0.001
/** Left out because it was there already: nothing is lost. */
const harmless = new Set(['duplicate_sample'])

export interface VerdictFacts {
  readonly status: SystemStatusBody | null
  readonly usage: readonly UsageRow[]
  /** What stays unaccounted for; a gap of this moment is only a request under way. */
  readonly lasting: LastingGaps
  readonly sources: readonly SourceRow[]
  readonly projectId: string
  readonly nowMs: number
}

function systemFindings(status: SystemStatusBody): Finding[] {
  const found: Finding[] = status.components
    .filter((component) => component.state !== 'ok' && component.state !== 'off')
    .map((component) => ({
      tone: component.state === 'down' ? 'down' : 'warn',
      text: `${componentName(component.name)} is ${component.state}${component.detail === null ? '' : `: ${component.detail}`}`,
      page: 'system',
    }))
  const { disk, log } = status
  const used = disk.totalBytes > 0 ? 1 - disk.freeBytes / disk.totalBytes : 0
  if (used >= diskWarnFrom) {
    const share = formatValue(used, { base: 'ratio', perSecond: false })
    found.push({
      tone: used >= diskDownFrom ? 'down' : 'warn',
      text: `The disk is ${share} full; ${formatBytes(disk.freeBytes)} are free`,
      page: 'system',
    })
  }
  if (log.sizeBytesMax > 0 && log.sizeBytes / log.sizeBytesMax >= logWarnFrom) {
    found.push({
      tone: 'warn',
      text: `The ingest log holds ${formatBytes(log.sizeBytes)} of at most ${formatBytes(log.sizeBytesMax)}`,
      page: 'system',
    })
  } else if (log.records > 0 && log.oldestMs >= queueOldMs) {
    found.push({ tone: 'warn', text: `Data waits ${formatMs(log.oldestMs)} to be stored`, page: 'system' })
  }
  return found
}

export function findingsOf({ status, usage, lasting, sources, projectId, nowMs }: VerdictFacts): readonly Finding[] {
  const found = status === null ? [] : systemFindings(status)
  const mine = usage.filter((row) => row.projectId === projectId)
  const balance = balanceOf(mine)
  const lost = lostIn(mine, lasting)
  if (lost > 0) {
    const kinds = mine.filter((row) => lostIn([row], lasting) > 0).map(({ kind }) => kind)
    found.push({
      tone: 'down',
      text: `${countedRows(lost, kinds)} ${lost === 1 ? 'is' : 'are'} not accounted for`,
      page: 'usage',
    })
  }
  for (const what of ['dropped', 'refused'] as const) {
    const rows = reasonsOf(mine).filter((row) => row.what === what && !harmless.has(row.reason))
    const count = rows.reduce((sum, row) => sum + row.rows, 0)
    if (count > 0 && count >= balance.received * shareWarnFrom) {
      found.push({
        tone: 'warn',
        text: `${countedRows(
          count,
          rows.map(({ kind }) => kind),
        )} ${count === 1 ? 'was' : 'were'} ${what}`,
        page: what === 'refused' ? 'refused' : 'usage',
      })
    }
  }
  for (const source of foreignSources(sources)) {
    const silence = nowMs - Date.parse(source.lastSeenAt)
    const isLasting = Date.parse(source.lastSeenAt) - Date.parse(source.firstSeenAt) >= lastingMs
    if (isLasting && silence >= silentMs && silence < forgottenMs) {
      found.push({
        tone: 'warn',
        text: `${protocolName(source.protocol)} is silent; it sent last ${formatAgo(Date.parse(source.lastSeenAt), nowMs)}`,
        page: 'sources',
      })
    }
  }
  return found.sort((a, b) => (a.tone === b.tone ? 0 : a.tone === 'down' ? -1 : 1))
}
