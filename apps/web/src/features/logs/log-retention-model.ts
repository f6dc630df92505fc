/** How long logs are kept, as the form holds it, and what a change would hide. Pure. */
import { logSeverityNames, type LogRetentionPolicy, type LogsHistogram, type LogSeverityName } from '@bellwether/protocol'

export interface RetentionFields {
  readonly days: string
  /** Empty: as all others. */
  readonly severities: Readonly<Record<LogSeverityName, string>>
}

const daysMax = 3650
const none: Readonly<Record<LogSeverityName, string>> = { unknown: '', trace: '', debug: '', info: '', warn: '', error: '', fatal: '' }

export function retentionFields({ days, severities }: LogRetentionPolicy): RetentionFields {
  return {
    days: String(days),
    severities: { ...none, ...Object.fromEntries(severities.map((each) => [each.severity, String(each.days)])) },
  }
}

function readDays(text: string): number | null {
  const days = Number(text.trim())
  return /^\d+$/.test(text.trim()) && days >= 1 && days <= daysMax ? days : null
}

/** The policy, or in words what is wrong with the fields. */
export function retentionPolicy(fields: RetentionFields): LogRetentionPolicy | string {
  const days = readDays(fields.days)
  if (days === null) return `Logs can be kept 1 to ${daysMax.toLocaleString('en-US')} days.`
  const severities: LogRetentionPolicy['severities'] = []
  for (const severity of logSeverityNames) {
    const text = fields.severities[severity]
    if (text.trim() === '') continue
    const own = readDays(text)
    if (own === null) return `Rows of severity ${severity} can be kept 1 to ${daysMax.toLocaleString('en-US')} days.`
    severities.push({ severity, days: own })
  }
  return { days, severities }
}

/** Days of each severity. */
export function daysOf(policy: LogRetentionPolicy, severity: string): number {
  return policy.severities.find((each) => each.severity === severity)?.days ?? policy.days
}

/** All lengths that a policy names, each once. */
export function lengthsOf(policy: LogRetentionPolicy): readonly number[] {
  return [...new Set([policy.days, ...policy.severities.map(({ days }) => days)])]
}

/** Rows that the policy would hide, of the counts of what is older than each of its lengths. */
export function hiddenRows(policy: LogRetentionPolicy, olderThan: ReadonlyMap<number, LogsHistogram>): number {
  let rows = 0
  for (const [days, histogram] of olderThan) {
    for (const series of histogram.series) if (daysOf(policy, series.value) === days) rows += series.total ?? 0
  }
  return rows
}
