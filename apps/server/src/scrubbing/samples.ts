/** Words in which refusals are told show pieces of what came: they go through the policy of the project like the rows themselves. */
import type { Tenant } from '../kernel/scope.ts'
import type { CompiledPolicy } from './compiled-policy.ts'

/** Where refusals are told. */
export interface Samples {
  note(tenant: Tenant, protocol: string, reason: string, text: string, atMs: number): void
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export function scrubSamples(samples: Samples, policyOf: (tenant: Tenant) => CompiledPolicy): Samples {
  return {
    note(tenant, protocol, reason, text, atMs) {
      const source = encoder.encode(text)
      const made = policyOf(tenant).scrubbed(source, 0, source.length)
      samples.note(tenant, protocol, reason, made === null ? text : decoder.decode(made), atMs)
    },
  }
}
