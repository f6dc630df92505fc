/**
 * The one door: which project a request belongs to, and whether it may come in now. Decided before anything is decompressed
 * or decoded, from headers and memory alone.
 */
import type { IngestKeys } from '../accounts/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Tenant } from '../kernel/scope.ts'
import { bodyTooLarge, keyMissing, keyUnknown, logFull, rateLimited, stopping } from './errors.ts'
import { admissionFullShare, lowLaneShareMax } from './limits.ts'
import type { Admission, AdmissionRequest, Admitted, IngestLog, Lane } from './ports.ts'
import type { RateLimitOptions } from './rate-limit.ts'
import { createRateLimit } from './rate-limit.ts'
import { isLoopback } from './sender.ts'

export interface AdmissionLimits {
  /** Largest body as received (compressed), bytes. */
  readonly bodyBytesMax: number
  /** Body bytes a project may send; null switches the limit off. */
  readonly projectBytesPerSecond: RateLimitOptions | null
}

export interface AdmissionDeps {
  readonly keys: IngestKeys
  /** `loopback`: a request without a key from this machine belongs to the anonymous tenant. */
  readonly anonymous: 'loopback' | 'off'
  readonly log: Pick<IngestLog, 'backlog'>
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly limits: AdmissionLimits
  /** Which lane a project's data takes; `ready` when not given. */
  readonly laneOf?: (tenant: Tenant, request: AdmissionRequest) => Lane
}

export interface StoppableAdmission extends Admission {
  /** From now on every request is told to come again later. */
  stop(): void
}

const lowLaneFullText = 'This project is over its budget, and what it sent before waits in the low-priority lane.'

export function createAdmission(deps: AdmissionDeps): StoppableAdmission {
  const { limits, log } = deps
  const rate = limits.projectBytesPerSecond === null ? null : createRateLimit(limits.projectBytesPerSecond, deps.clock)
  let isStopping = false

  function tenantOf(request: AdmissionRequest): Tenant {
    if (request.tenant !== undefined) return request.tenant
    // An empty key in the protocol's place is no key, as with an unset variable in someone's configuration.
    if (request.key !== null && request.key !== '') {
      const tenant = deps.keys.resolve(request.key)
      if (tenant === null) throw new AppError(keyUnknown)
      return tenant
    }
    if (deps.anonymous === 'loopback' && isLoopback(request.remoteAddress) && deps.keys.anonymousTenant !== null)
      return deps.keys.anonymousTenant
    throw new AppError(keyMissing)
  }

  return {
    admit(request): Admitted {
      if (isStopping) throw new AppError(stopping, { retryAfterSec: 5 })
      const tenant = tenantOf(request)
      if (request.sizeBytes > limits.bodyBytesMax) {
        throw new AppError(bodyTooLarge, { publicText: `The request body is larger than ${limits.bodyBytesMax} bytes.` })
      }
      const { sizeBytes, sizeBytesMax } = log.backlog()
      if (sizeBytes >= sizeBytesMax * admissionFullShare) throw new AppError(logFull, { retryAfterSec: 10 })
      const lane = deps.laneOf?.(tenant, request) ?? 'ready'
      if (lane === 'low' && log.backlog(['low']).sizeBytes >= sizeBytesMax * lowLaneShareMax)
        throw new AppError(logFull, { publicText: lowLaneFullText, retryAfterSec: 30 })
      const waitSec = rate === null ? 0 : rate.take(tenant, request.sizeBytes)
      if (waitSec > 0) throw new AppError(rateLimited, { retryAfterSec: waitSec })
      return { tenant, lane }
    },
    stop() {
      isStopping = true
    },
  }
}
