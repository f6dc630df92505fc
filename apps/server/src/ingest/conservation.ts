/**
 * The counters of the law received = stored + refused + dropped + queued, per project and kind. Between `received` and `queued`
 * a request is under way in the log, so the law holds whenever nothing is in flight; a difference that stays is a lost row.
 * Counts are exact up to 2^53. Projects come from keys, so their number is bounded by what was configured.
 */
import type { Tenant } from '../kernel/scope.ts'
import { conservationReasonsMax } from './limits.ts'
import type { Conservation, ConservationRow, Kind } from './ports.ts'

/** Rows that moved (`left_out`: parts of rows). `reason` for refused, dropped and left out, else null; `bytes` for received, else 0. */
export interface Movement {
  readonly type: 'received' | 'stored' | 'refused' | 'dropped' | 'left_out'
  readonly tenant: Tenant
  readonly kind: Kind
  readonly reason: string | null
  readonly rows: number
  readonly bytes: number
}

/** Hears of every movement, for the metrics. */
export type ConservationSink = (movement: Movement) => void

/** A project and kind for which the law does not hold now. `difference` = received - stored - refused - dropped - queued. */
export interface Imbalance {
  readonly organizationId: number
  readonly projectId: number
  readonly kind: Kind
  readonly difference: number
}

export interface BalancedConservation extends Conservation {
  /** Where the law does not hold; empty when all is well and nothing is in flight. */
  balance(): readonly Imbalance[]
}

class Account {
  readonly tenant: Tenant
  readonly kind: Kind
  received = 0
  stored = 0
  queued = 0
  bytes = 0
  readonly refused = new Map<string, number>()
  readonly dropped = new Map<string, number>()
  readonly leftOut = new Map<string, number>()

  constructor(tenant: Tenant, kind: Kind) {
    this.tenant = { organizationId: tenant.organizationId, projectId: tenant.projectId }
    this.kind = kind
  }

  get difference(): number {
    return this.received - this.stored - sum(this.refused) - sum(this.dropped) - this.queued
  }
}

function sum(counts: ReadonlyMap<string, number>): number {
  let total = 0
  for (const count of counts.values()) total += count
  return total
}

/** Adds under the reason, or under `other` when there are too many reasons. Gives the name used. */
function addReason(counts: Map<string, number>, reason: string, rows: number): string {
  const name = counts.has(reason) || counts.size < conservationReasonsMax ? reason : 'other'
  counts.set(name, (counts.get(name) ?? 0) + rows)
  return name
}

export function createConservation(sink: ConservationSink | null = null): BalancedConservation {
  const accounts = new Map<Kind, Map<number, Map<number, Account>>>()
  const order: Account[] = []

  function account(tenant: Tenant, kind: Kind): Account {
    let ofKind = accounts.get(kind)
    if (ofKind === undefined) accounts.set(kind, (ofKind = new Map()))
    let ofOrganization = ofKind.get(tenant.organizationId)
    if (ofOrganization === undefined) ofKind.set(tenant.organizationId, (ofOrganization = new Map()))
    let found = ofOrganization.get(tenant.projectId)
    if (found === undefined) {
      found = new Account(tenant, kind)
      ofOrganization.set(tenant.projectId, found)
      order.push(found)
    }
    return found
  }

  function tell(type: Movement['type'], { tenant, kind }: Account, facts: { reason?: string; rows: number; bytes?: number }): void {
    sink?.({ type, tenant, kind, reason: facts.reason ?? null, rows: facts.rows, bytes: facts.bytes ?? 0 })
  }

  function receive(entry: Account, rows: number, bytes: number): void {
    entry.received += rows
    entry.bytes += bytes
    tell('received', entry, { rows, bytes })
  }

  function drop(entry: Account, reason: string, rows: number): void {
    tell('dropped', entry, { reason: addReason(entry.dropped, reason, rows), rows })
  }

  return {
    // oxlint-disable-next-line max-params -- the port's signature
    received: (tenant, kind, rows, bytes) => receive(account(tenant, kind), rows, bytes),
    // oxlint-disable-next-line max-params -- the port's signature
    refused(tenant, kind, reason, rows) {
      const entry = account(tenant, kind)
      tell('refused', entry, { reason: addReason(entry.refused, reason, rows), rows })
    },
    // oxlint-disable-next-line max-params -- the port's signature
    dropped: (tenant, kind, reason, rows) => drop(account(tenant, kind), reason, rows),
    queued(tenant, kind, rows) {
      account(tenant, kind).queued += rows
    },
    stored(tenant, kind, rows) {
      const entry = account(tenant, kind)
      entry.queued -= rows
      entry.stored += rows
      tell('stored', entry, { rows })
    },
    recovered(tenant, kind, rows) {
      const entry = account(tenant, kind)
      receive(entry, rows, 0)
      entry.queued += rows
    },
    buried(tenant, kind, rows) {
      const entry = account(tenant, kind)
      entry.queued -= rows
      drop(entry, 'dead_letter', rows)
    },
    // oxlint-disable-next-line max-params -- the port's signature
    leftOut(tenant, kind, reason, parts) {
      const entry = account(tenant, kind)
      tell('left_out', entry, { reason: addReason(entry.leftOut, reason, parts), rows: parts })
    },
    rows: () => order.map(toRow),
    balance: () => order.filter((entry) => entry.difference !== 0).map(toImbalance),
  }
}

function toImbalance({ tenant, kind, difference }: Account): Imbalance {
  return { organizationId: tenant.organizationId, projectId: tenant.projectId, kind, difference }
}

function toRow(entry: Account): ConservationRow {
  return {
    organizationId: entry.tenant.organizationId,
    projectId: entry.tenant.projectId,
    kind: entry.kind,
    received: entry.received,
    stored: entry.stored,
    refused: Object.fromEntries(entry.refused),
    dropped: Object.fromEntries(entry.dropped),
    queued: entry.queued,
    bytes: entry.bytes,
    leftOut: Object.fromEntries(entry.leftOut),
  }
}
