/** What is taken out of logs and spans before they are stored, by project. */
import { z } from 'zod'
import { timeSchema } from './list.ts'

/** Kinds of what is scrubbed; their places are the bits of a row's `scrubbed`. */
export const scrubbedKinds = ['secret', 'token', 'private-key', 'jwt', 'card', 'email', 'rule'] as const
export type ScrubbedKind = (typeof scrubbedKinds)[number]

/** The kinds that the bits of `scrubbed` say. */
export function scrubbedKindsOf(bits: number): ScrubbedKind[] {
  return scrubbedKinds.filter((_, place) => (bits & (1 << place)) !== 0)
}

export interface ScrubbingRule {
  /** Stands in place of what was taken out: `[scrubbed:name]`. */
  name: string
  /** `field`: values of attributes of this name; `*` stands for any characters. `pattern`: whatever a regular expression (RE2) finds. */
  kind: 'field' | 'pattern'
  value: string
  enabled: boolean
}

export interface ScrubbingPolicy {
  /** Passwords and the like by the name before them; tokens, keys and private keys by their shape. */
  secrets: boolean
  /** Numbers of payment cards, by their check digit. */
  cards: boolean
  emails: boolean
  rules: ScrubbingRule[]
}
export const scrubbingPolicySchema: z.ZodType<ScrubbingPolicy> = z.strictObject({
  secrets: z.boolean(),
  cards: z.boolean(),
  emails: z.boolean(),
  rules: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'small letters, digits, - and _'),
        kind: z.enum(['field', 'pattern']),
        value: z.string().min(1).max(500),
        enabled: z.boolean(),
      }),
    )
    .max(50),
})

export interface ScrubbingStatus {
  policy: ScrubbingPolicy
  changedAt: string | null
  changedBy: string | null
}
export const scrubbingStatusSchema: z.ZodType<ScrubbingStatus> = z.object({
  policy: scrubbingPolicySchema,
  changedAt: timeSchema.nullable(),
  changedBy: z.string().nullable(),
})

/** Tries a policy on a text; nothing is kept of it. */
export interface ScrubbingTrial {
  policy: ScrubbingPolicy
  /** A line of JSON is taken apart as at the door. */
  text: string
}
export const scrubbingTrialSchema: z.ZodType<ScrubbingTrial> = z.strictObject({
  policy: scrubbingPolicySchema,
  text: z.string().max(20_000),
})

export interface ScrubbingTrialResult {
  text: string
  attributes: Record<string, string>
  kinds: ScrubbedKind[]
}
export const scrubbingTrialResultSchema: z.ZodType<ScrubbingTrialResult> = z.object({
  text: z.string(),
  attributes: z.record(z.string(), z.string()),
  kinds: z.array(z.enum(scrubbedKinds)),
})
