/** The last refusals in words, by project: what a person needs to find the sender's mistake. */
import type { Scope, Tenant } from '../kernel/scope.ts'
import { refusedProjectsMax, refusedSamplesPerProjectMax, refusedTextCharsMax } from './limits.ts'

export interface RefusedSample {
  readonly projectId: number
  readonly protocol: string
  /** snake_case, as in the counters. */
  readonly reason: string
  /** What and why; cut to a bound. */
  readonly text: string
  /** ms since 1970. */
  readonly atMs: number
}

export interface RefusedSamples {
  /** Reason is snake_case; the text is cut to its bound. */
  note(tenant: Tenant, protocol: string, reason: string, text: string, atMs: number): void
  /** Newest first. */
  list(scope: Scope): readonly RefusedSample[]
}

export function createRefusedSamples(
  perProject: number = refusedSamplesPerProjectMax,
  projects: number = refusedProjectsMax,
): RefusedSamples {
  const byProject = new Map<string, RefusedSample[]>()
  return {
    // oxlint-disable-next-line max-params -- who, how, why, what, when; called once a refusal
    note(tenant, protocol, reason, text, atMs) {
      const key = `${tenant.organizationId}/${tenant.projectId}`
      const samples = byProject.get(key) ?? []
      byProject.delete(key)
      byProject.set(key, samples)
      samples.push({ projectId: tenant.projectId, protocol, reason, text: text.slice(0, refusedTextCharsMax), atMs })
      if (samples.length > perProject) samples.shift()
      if (byProject.size <= projects) return
      for (const quietest of byProject.keys()) {
        byProject.delete(quietest)
        break
      }
    },
    list(scope) {
      const found = scope.projectIds.flatMap((projectId) => byProject.get(`${scope.organizationId}/${projectId}`) ?? [])
      return found.sort((a, b) => b.atMs - a.atMs)
    },
  }
}
