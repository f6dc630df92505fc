/** Scrubbing: what is asked of the server, and a policy as fields of a form. */
import {
  scrubbingStatusSchema,
  scrubbingTrialResultSchema,
  type ScrubbedKind,
  type ScrubbingPolicy,
  type ScrubbingRule,
  type ScrubbingStatus,
} from '@bellwether/protocol'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { request } from '../../lib/http.ts'

export function scrubbingQuery(projectPath: string) {
  return queryOptions({
    queryKey: ['scrubbing', projectPath],
    queryFn: ({ signal }) => request(`${projectPath}/scrubbing`, scrubbingStatusSchema, { signal }),
    staleTime: 5000,
  })
}

export function saveScrubbing(projectPath: string, policy: ScrubbingPolicy): Promise<ScrubbingStatus> {
  return request(`${projectPath}/scrubbing`, scrubbingStatusSchema, { method: 'PUT', body: policy })
}

export function trialQuery(projectPath: string, policy: ScrubbingPolicy, text: string) {
  return queryOptions({
    queryKey: ['scrubbing', projectPath, 'try', JSON.stringify(policy), text],
    queryFn: ({ signal }) =>
      request(`${projectPath}/scrubbing/try`, scrubbingTrialResultSchema, { method: 'POST', body: { policy, text }, signal }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    retry: false,
  })
}

/** Rows that were begun and hold nothing are left out. */
export function filledRules(rules: readonly ScrubbingRule[]): ScrubbingRule[] {
  return rules
    .map((rule) => ({ ...rule, name: rule.name.trim(), value: rule.kind === 'field' ? rule.value.trim() : rule.value }))
    .filter(({ name, value }) => name !== '' || value !== '')
}

/** The policy that the fields say, or what is wrong with them. */
export function policyOf(fields: ScrubbingPolicy): ScrubbingPolicy | string {
  const rules = filledRules(fields.rules)
  for (const { name, value } of rules) {
    if (value === '') return `The rule ${name} needs a field or a pattern.`
    if (!/^[a-z0-9][a-z0-9_-]{0,39}$/.test(name))
      return `${name === '' ? `The rule for ${value}` : name} needs a name of small letters, digits, - and _: it stands in place of what is taken out.`
  }
  const names = rules.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  return twice === undefined ? { ...fields, rules } : `Two rules have the name ${twice}.`
}

export const kindWords: Readonly<Record<ScrubbedKind, string>> = {
  secret: 'secret',
  token: 'token',
  'private-key': 'private key',
  jwt: 'JSON web token',
  card: 'card number',
  email: 'e-mail address',
  rule: 'own rule',
}

/** A text in pieces: what stands in place of something, and the rest. */
export function markedPieces(text: string): { readonly at: number; readonly text: string; readonly isMark: boolean }[] {
  let at = 0
  return text
    .split(/(\[scrubbed:[a-z0-9_-]+\])/)
    .map((piece, index) => {
      const made = { at, text: piece, isMark: index % 2 === 1 }
      at += piece.length
      return made
    })
    .filter((piece) => piece.text !== '')
}
