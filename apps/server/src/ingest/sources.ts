/** Who sends: first and last time and points by project and protocol, so that a screen can notice the first data. */
import type { Scope, Tenant } from '../kernel/scope.ts'
import { sourcesMax } from './limits.ts'

export interface IngestSource {
  readonly organizationId: number
  readonly projectId: number
  /** As the protocol names itself: `otlp-http`, `otlp-grpc`, `remote-write` ... */
  readonly protocol: string
  /** ms since 1970, since this process started. */
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  readonly points: number
}

export interface IngestSources {
  /** `points` accepted from the protocol at `atMs`. */
  note(tenant: Tenant, protocol: string, points: number, atMs: number): void
  /** The scope's sources, last seen first. */
  list(scope: Scope): readonly IngestSource[]
}

export function createIngestSources(capacity: number = sourcesMax): IngestSources {
  const sources = new Map<string, IngestSource>()
  return {
    // oxlint-disable-next-line max-params -- who, how, how much, when; called a request
    note(tenant, protocol, points, atMs) {
      const key = `${tenant.organizationId}/${tenant.projectId}/${protocol}`
      const known = sources.get(key)
      sources.delete(key)
      sources.set(key, {
        organizationId: tenant.organizationId,
        projectId: tenant.projectId,
        protocol,
        // The wall clock may have been set back meanwhile.
        firstSeenMs: Math.min(known?.firstSeenMs ?? atMs, atMs),
        lastSeenMs: atMs,
        points: (known?.points ?? 0) + points,
      })
      if (sources.size <= capacity) return
      // The map's order is the order of the last note: the first is the longest silent.
      for (const oldest of sources.keys()) {
        sources.delete(oldest)
        break
      }
    },
    list: (scope) =>
      [...sources.values()]
        .filter((source) => source.organizationId === scope.organizationId && scope.projectIds.includes(source.projectId))
        // In the map's order the last noted is the last.
        .reverse(),
  }
}
