/**
 * Where rows come from: the attributes of a resource are stored once, under a fingerprint of all of them, and rows carry the fingerprint
 * and the few words that are asked for most.
 */
import { createHash } from 'node:crypto'
import { resourceBytesMax } from './limits.ts'

export interface Resource {
  /** Halves of the fingerprint; both 0 for the resource without attributes. */
  readonly low: number
  readonly high: number
  readonly service: string
  readonly host: string
  readonly environment: string
  readonly release: string
  /** Sorted by name; the words above among them. */
  readonly attributes: readonly (readonly [name: string, value: string])[]
}

export const noResource: Resource = { low: 0, high: 0, service: '', host: '', environment: '', release: '', attributes: [] }

/** Names in OpenTelemetry's semantic conventions, old and new, and in Loki's and Sentry's habits; the first that is there counts. */
const serviceNames = ['service.name', 'service_name', 'service', 'app', 'application', 'job']
const hostNames = ['host.name', 'host', 'hostname', 'server.address', 'k8s.pod.name', 'pod', 'instance']
const environmentNames = ['deployment.environment.name', 'deployment.environment', 'environment', 'env']
const releaseNames = ['service.version', 'release', 'version']

/** About the bytes of its attributes. */
export function resourceSize({ attributes }: Resource): number {
  let size = 0
  for (const [name, value] of attributes) size += name.length + value.length
  return size
}

/**
 * Of names and values in any order; a name that comes twice counts with its last value. The fingerprint does not depend on the order.
 * Attributes that do not fit the bytes of a resource are left out.
 */
export function makeResource(pairs: readonly (readonly [name: string, value: string])[]): Resource {
  if (pairs.length === 0) return noResource
  const byName = thatFit(pairs)
  const attributes = [...byName].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  const digest = createHash('sha256').update(JSON.stringify(attributes)).digest()
  const first = (names: readonly string[]): string => {
    for (const name of names) {
      const value = byName.get(name)
      if (value !== undefined && value !== '') return value
    }
    return ''
  }
  return {
    low: digest.readUInt32LE(0),
    high: digest.readUInt32LE(4),
    service: first(serviceNames),
    host: first(hostNames),
    environment: first(environmentNames),
    release: first(releaseNames),
    attributes,
  }
}

function thatFit(pairs: readonly (readonly [name: string, value: string])[]): Map<string, string> {
  const byName = new Map<string, string>()
  let left = resourceBytesMax
  for (const [name, value] of pairs) {
    const size = name.length + value.length
    if (size > left) continue
    left -= size
    byName.set(name, value)
  }
  return byName
}
