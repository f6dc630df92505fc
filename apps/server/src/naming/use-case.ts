/** Use cases: what a metric's namespace says it is for, and the key (the path) under which a use case is processed. */
import { AppError, type ErrorSpec } from '../kernel/errors.ts'

/** The namespace of an MRI. Numbers and strings of different use cases never mix. */
export const useCaseIds = [
  'spans',
  'transactions',
  'sessions',
  'escalating_issues',
  'custom',
  'profiles',
  'metric_stats',
  'system',
] as const
export type UseCaseId = (typeof useCaseIds)[number]

/** How a use case is processed: storage, limits, retention are configured by key. */
export type UseCaseKey = 'release-health' | 'performance'

export const unknownUseCase: ErrorSpec = {
  code: 'naming.unknown_use_case',
  kind: 'invalid',
  publicText: 'There is no such use case.',
  hint: `Known: ${useCaseIds.join(', ')}.`,
}

/** The metric path mapping. */
export const useCaseKeyById: Readonly<Record<UseCaseId, UseCaseKey>> = {
  spans: 'performance',
  transactions: 'performance',
  sessions: 'release-health',
  escalating_issues: 'performance',
  custom: 'performance',
  profiles: 'performance',
  metric_stats: 'performance',
  system: 'performance',
}

/** The reverse: the use case that stands for a key where only the key is known. */
export const useCaseIdByKey: Readonly<Record<UseCaseKey, UseCaseId>> = { 'release-health': 'sessions', performance: 'transactions' }

export function isUseCaseId(text: string): text is UseCaseId {
  return (useCaseIds as readonly string[]).includes(text)
}

/** Errors: `naming.unknown_use_case`. */
export function parseUseCaseId(text: string): UseCaseId {
  if (isUseCaseId(text)) return text
  throw new AppError(unknownUseCase, { publicText: `'${text.slice(0, 60)}' is not a use case.` })
}

export function useCaseKeyOf(id: UseCaseId): UseCaseKey {
  return useCaseKeyById[id]
}
