/** Retention and deletions: what is asked of the server, and a policy as fields of a form. */
import {
  deletionAnswerSchema,
  metricDeletionSchema,
  pageSchema,
  retentionPreviewSchema,
  retentionStatusSchema,
  type DeletionAnswer,
  type RetentionPolicy,
  type RetentionStatus,
} from '@bellwether/protocol'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { request } from '../../lib/http.ts'

const deletionPage = pageSchema(metricDeletionSchema)

export function retentionQuery(projectPath: string) {
  return queryOptions({
    queryKey: ['retention', projectPath],
    queryFn: ({ signal }) => request(`${projectPath}/retention`, retentionStatusSchema, { signal }),
    staleTime: 5000,
  })
}

export function deletionsQuery(projectPath: string) {
  return queryOptions({
    queryKey: ['retention', projectPath, 'deletions'],
    queryFn: ({ signal }) => request(`${projectPath}/retention/deletions`, deletionPage, { signal }),
    staleTime: 2000,
  })
}

export function previewQuery(projectPath: string, policy: RetentionPolicy) {
  return queryOptions({
    queryKey: ['retention', projectPath, 'preview', JSON.stringify(policy)],
    queryFn: ({ signal }) => request(`${projectPath}/retention/preview`, retentionPreviewSchema, { method: 'POST', body: policy, signal }),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    retry: false,
  })
}

export function saveRetention(projectPath: string, policy: RetentionPolicy): Promise<RetentionStatus> {
  return request(`${projectPath}/retention`, retentionStatusSchema, { method: 'PUT', body: policy })
}

export function deleteMetric(projectPath: string, name: string, dryRun: boolean): Promise<DeletionAnswer> {
  const path = `${projectPath}/metrics/${encodeURIComponent(name)}?dryRun=${dryRun}`
  return request(path, deletionAnswerSchema, { method: 'DELETE' })
}

/** A policy as it is typed. Empty days: for ever. */
export interface PolicyFields {
  readonly days: string
  readonly rollupDays: string
  readonly rules: readonly { readonly pattern: string; readonly days: string }[]
}

export function fieldsOf({ days, rollupDays, rules }: RetentionPolicy): PolicyFields {
  const text = (value: number | null): string => (value === null ? '' : `${value}`)
  return { days: text(days), rollupDays: text(rollupDays), rules: rules.map((rule) => ({ pattern: rule.pattern, days: `${rule.days}` })) }
}

function wholeDays(text: string): number | null {
  return /^[1-9]\d{0,4}$/.test(text.trim()) && Number(text) <= 36_500 ? Number(text) : null
}

/** The policy that the fields say, or what is wrong with them. */
export function policyOf({ days, rollupDays, rules }: PolicyFields): RetentionPolicy | string {
  const isEmpty = (text: string): boolean => text.trim() === ''
  if (!isEmpty(days) && wholeDays(days) === null) return 'Days are whole numbers from 1 to 36500.'
  if (!isEmpty(rollupDays) && wholeDays(rollupDays) === null) return 'Days of rollups are whole numbers from 1 to 36500.'
  const filled = rules.filter((rule) => !isEmpty(rule.pattern) || !isEmpty(rule.days))
  const kept: { pattern: string; days: number }[] = []
  for (const rule of filled) {
    const ruleDays = wholeDays(rule.days)
    if (isEmpty(rule.pattern)) return 'Each row needs a pattern.'
    if (ruleDays === null) return `${rule.pattern} needs its days.`
    kept.push({ pattern: rule.pattern.trim(), days: ruleDays })
  }
  const policy = { days: wholeDays(days), rollupDays: wholeDays(rollupDays), rules: kept }
  if (policy.days !== null && policy.rollupDays !== null && policy.rollupDays < policy.days)
    return 'Rollups are kept at least as long as samples.'
  return policy
}
