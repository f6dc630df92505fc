/** What is to be looked up: strings by organization, and by use case above that. Collections do not change. */
import { parseUseCaseId, type UseCaseId } from '../naming/index.ts'

/** Organization → strings. */
export type OrganizationStrings = ReadonlyMap<number, ReadonlySet<string>>
/** Use case → organization → strings. */
export type UseCaseStrings = ReadonlyMap<UseCaseId, OrganizationStrings | KeyCollection>

/** One string of one organization, of one use case. */
export interface IndexedString {
  readonly useCaseId: UseCaseId
  readonly organizationId: number
  readonly string: string
}

export class KeyCollection {
  readonly mapping: OrganizationStrings
  readonly size: number

  constructor(mapping: OrganizationStrings) {
    this.mapping = mapping
    let size = 0
    for (const strings of mapping.values()) size += strings.size
    this.size = size
  }

  /** `[organization, string]` of each. */
  asTuples(): [number, string][] {
    const tuples: [number, string][] = []
    for (const [organizationId, strings] of this.mapping) for (const string of strings) tuples.push([organizationId, string])
    return tuples
  }

  /** `organization:string` of each; the string may hold colons. */
  asStrings(): string[] {
    return this.asTuples().map(([organizationId, string]) => `${organizationId}:${string}`)
  }

  equals(other: KeyCollection): boolean {
    if (this.size !== other.size) return false
    for (const [organizationId, strings] of this.mapping) {
      const others = other.mapping.get(organizationId)
      if (strings.size !== (others?.size ?? 0)) return false
      for (const string of strings) if (others?.has(string) !== true) return false
    }
    return true
  }
}

export class UseCaseKeyCollection {
  readonly mapping: ReadonlyMap<UseCaseId, KeyCollection>
  readonly size: number

  constructor(strings: UseCaseStrings) {
    const mapping = new Map<UseCaseId, KeyCollection>()
    let size = 0
    for (const [useCaseId, keys] of strings) {
      const collection = keys instanceof KeyCollection ? keys : new KeyCollection(keys)
      mapping.set(useCaseId, collection)
      size += collection.size
    }
    this.mapping = mapping
    this.size = size
  }

  /** `[use case, organization, string]` of each. */
  asTuples(): [UseCaseId, number, string][] {
    const tuples: [UseCaseId, number, string][] = []
    for (const [useCaseId, keys] of this.mapping) {
      for (const [organizationId, string] of keys.asTuples()) tuples.push([useCaseId, organizationId, string])
    }
    return tuples
  }

  /** `usecase:organization:string` of each. */
  asStrings(): string[] {
    return this.asTuples().map((tuple) => tuple.join(':'))
  }

  /** The keys for which `keep` says yes. */
  filter(keep: (useCaseId: UseCaseId, organizationId: number, string: string) => boolean): UseCaseKeyCollection {
    const builder = new UseCaseKeyBuilder()
    for (const [useCaseId, keys] of this.mapping) {
      for (const [organizationId, strings] of keys.mapping) {
        for (const string of strings) if (keep(useCaseId, organizationId, string)) builder.add(useCaseId, organizationId, string)
      }
    }
    return builder.build()
  }

  equals(other: UseCaseKeyCollection): boolean {
    if (this.size !== other.size) return false
    for (const [useCaseId, keys] of this.mapping) {
      if (!keys.equals(other.mapping.get(useCaseId) ?? new KeyCollection(new Map()))) return false
    }
    return true
  }
}

/** Gathers keys one by one. */
export class UseCaseKeyBuilder {
  readonly #keys = new Map<UseCaseId, Map<number, Set<string>>>()

  add(useCaseId: UseCaseId, organizationId: number, string: string): void {
    this.strings(useCaseId, organizationId).add(string)
  }

  /** The set that `add` fills. */
  strings(useCaseId: UseCaseId, organizationId: number): Set<string> {
    let organizations = this.#keys.get(useCaseId)
    if (organizations === undefined) this.#keys.set(useCaseId, (organizations = new Map()))
    let strings = organizations.get(organizationId)
    if (strings === undefined) organizations.set(organizationId, (strings = new Set()))
    return strings
  }

  build(): UseCaseKeyCollection {
    return new UseCaseKeyCollection(this.#keys)
  }
}

/** `organization:string`, split at the first colon. Throws for what `asStrings` does not make. */
export function parseKey(text: string): { readonly organizationId: number; readonly string: string } {
  const at = text.indexOf(':')
  const organizationId = Number(text.slice(0, at))
  if (at < 1 || !Number.isSafeInteger(organizationId)) throw new Error('a key without an organization')
  return { organizationId, string: text.slice(at + 1) }
}

/** `usecase:organization:string`, split at the first two colons. Errors: `naming.unknown_use_case`; throws as `parseKey` does. */
export function parseUseCaseKey(text: string): IndexedString {
  const at = text.indexOf(':')
  return { useCaseId: parseUseCaseId(text.slice(0, Math.max(at, 0))), ...parseKey(text.slice(at + 1)) }
}
