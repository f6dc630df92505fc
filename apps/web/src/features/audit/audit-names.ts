/** Names for what the audit log calls by id. */
import type { AuditEntry, Member } from '@bellwether/protocol'

/** Names by target (`member:…`, `key:…`): from the people of today, and from what the entries themselves say. */
export function namesFrom(members: readonly Member[], entries: readonly AuditEntry[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const { target, detail } of entries) {
    const name = detail['name'] ?? detail['email']
    if (name !== undefined && !names.has(target)) names.set(target, name)
  }
  for (const member of members) names.set(`member:${member.userId}`, member.name)
  return names
}

/** `member Ada`; the target as it is when its name is not known. */
export function targetText(target: string, names: ReadonlyMap<string, string>): string {
  const name = names.get(target)
  return name === undefined ? target : `${target.slice(0, target.indexOf(':'))} ${name}`
}
