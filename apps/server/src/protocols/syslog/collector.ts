/**
 * Messages of syslog on their way to the log: gathered for a moment by project, so that a thousand messages are one batch and one fsync. There
 * is no answer to a message, so what has no room waits here, up to a bound; beyond it the listener drops or waits. A project keeps no more
 * than is left for the others: when nothing of one can be stored, it fills half of the room; of two, each a third.
 */
import type { Clock } from '../../kernel/clock.ts'
import { isAppError } from '../../kernel/errors.ts'
import type { Logger } from '../../kernel/log.ts'
import type { Tenant } from '../../kernel/scope.ts'
import { LogsBatch } from '../../logs/index.ts'
import type { EventDoor } from '../event-door.ts'
import type { EventSession } from '../event-session.ts'
import { LineWriter } from '../log-lines/line-writer.ts'
import { batchMessagesMax, gatherMs, queueBytesMax, queueMessagesMax, retryMs, unownedToldMs } from './limits.ts'
import { keyOf, SyslogReader } from './message.ts'
import type { SyslogInstruments } from './metrics.ts'

const protocolName = 'syslog'
/** What a message takes beside its bytes. */
const overheadBytes = 128

export interface SyslogCollectorDeps {
  readonly events: Pick<EventDoor, 'record' | 'front'>
  /** The project of a key, or of a sender without one; null when there is none. */
  readonly tenantOf: (key: string | null, remoteAddress: string) => Tenant | null
  readonly instruments: SyslogInstruments
  readonly clock: Clock
  readonly logger: Logger
}

interface Message {
  readonly bytes: Uint8Array
  readonly address: string
}

/** A project's messages, in the order in which they came. */
interface Gathered {
  readonly tenant: Tenant
  messages: Message[]
  sizeBytes: number
  /** Under way to the log. */
  isSending: boolean
}

export class SyslogCollector implements AsyncDisposable {
  readonly #deps: SyslogCollectorDeps
  readonly #lines = new LineWriter(new LogsBatch())
  readonly #reader = new SyslogReader(this.#lines)
  readonly #projects = new Map<number, Gathered>()
  #queued = 0
  #queuedBytes = 0
  #timer: Disposable | null = null
  #toldMs = Number.NEGATIVE_INFINITY
  /** Who waits for room of a project. */
  #waiting: { readonly projectId: number; readonly resume: () => void }[] = []
  readonly #sending = new Set<Promise<void>>()
  #isStopping = false

  constructor(deps: SyslogCollectorDeps) {
    this.#deps = deps
  }

  /** Resolves when the project has room. */
  room(projectId: number): Promise<void> {
    return this.#hasRoom(projectId) ? Promise.resolve() : new Promise((resume) => this.#waiting.push({ projectId, resume }))
  }

  /** Takes a message; the bytes are its own from now on. Gives the project when it has no room for another one, else null. */
  take(bytes: Uint8Array, address: string): number | null {
    const tenant = this.#ownerOf(bytes, address)
    if (tenant === null) return null
    this.#gather(tenant, { bytes, address })
    return this.#hasRoom(tenant.projectId) ? null : tenant.projectId
  }

  /** Takes a copy of a message that nobody can be asked to hold back. False: there is no room, and it is gone. */
  offer(bytes: Uint8Array, address: string): boolean {
    const tenant = this.#ownerOf(bytes, address)
    if (tenant === null) return true
    if (!this.#hasRoom(tenant.projectId)) return false
    this.#gather(tenant, { bytes: Uint8Array.from(bytes), address })
    return true
  }

  #hasRoom(projectId: number): boolean {
    const project = this.#projects.get(projectId)
    const leftMessages = queueMessagesMax - this.#queued
    const leftBytes = queueBytesMax - this.#queuedBytes
    return (project?.messages.length ?? 0) < leftMessages && (project?.sizeBytes ?? 0) < leftBytes
  }

  /** Null: the message belongs to nobody, and that was counted. */
  #ownerOf(bytes: Uint8Array, address: string): Tenant | null {
    const tenant = this.#deps.tenantOf(keyOf(bytes), address)
    if (tenant === null) {
      this.#deps.instruments.dropped.inc({ reason: 'unowned' })
      this.#tellUnowned(address)
    }
    return tenant
  }

  #gather(tenant: Tenant, message: Message): void {
    let project = this.#projects.get(tenant.projectId)
    if (project === undefined) this.#projects.set(tenant.projectId, (project = { tenant, messages: [], sizeBytes: 0, isSending: false }))
    project.messages.push(message)
    this.#count(project, 1, sizeOf(message))
    if (project.messages.length >= batchMessagesMax && !project.isSending) this.#send(project)
    else this.#timer ??= this.#deps.clock.after(gatherMs, () => this.#sendAll())
  }

  #count(project: Gathered, messages: number, sizeBytes: number): void {
    project.sizeBytes += sizeBytes
    this.#queued += messages
    this.#queuedBytes += sizeBytes
  }

  /** What is gathered goes to the log first. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true
    this.#sendAll()
    while (this.#sending.size > 0) await Promise.all(this.#sending)
    this.#timer?.[Symbol.dispose]()
  }

  #sendAll(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = null
    for (const project of this.#projects.values()) if (project.messages.length > 0 && !project.isSending) this.#send(project)
  }

  #send(project: Gathered): void {
    const messages = project.messages.slice(0, batchMessagesMax)
    project.isSending = true
    const sent = this.#record(project.tenant, messages)
      .then((isDone) => this.#sent(project, isDone ? messages : []))
      .finally(() => this.#sending.delete(sent))
    this.#sending.add(sent)
  }

  /** The messages are stored, or given up. */
  #sent(project: Gathered, done: readonly Message[]): void {
    const { clock } = this.#deps
    project.isSending = false
    project.messages = project.messages.slice(done.length)
    for (const message of done) this.#count(project, -1, -sizeOf(message))
    if (project.messages.length === 0) this.#projects.delete(project.tenant.projectId)
    else if (done.length === 0 && !this.#isStopping) this.#timer ??= clock.after(retryMs, () => this.#sendAll())
    else if (done.length > 0)
      this.#timer ??= clock.after(this.#isStopping || project.messages.length >= batchMessagesMax ? 0 : gatherMs, () => this.#sendAll())
    if (done.length > 0) this.#resume()
  }

  #resume(): void {
    const waiting = this.#waiting
    this.#waiting = waiting.filter(({ projectId }) => !this.#hasRoom(projectId))
    for (const one of waiting) if (this.#hasRoom(one.projectId)) one.resume()
  }

  /** False: try again later. Never rejects. */
  async #record(tenant: Tenant, messages: readonly Message[]): Promise<boolean> {
    const { events, instruments, logger } = this.#deps
    const sizeBytes = messages.reduce((total, { bytes }) => total + bytes.length, 0)
    try {
      using lease = events.front.intake.open(tenant, { sizeBytes, isDecompressedElsewhere: false })
      lease.hold(sizeBytes)
      await events.record({ tenant, protocolName, bytes: new Uint8Array(sizeBytes), lease }, (session) => this.#fill(session, messages))
      return true
    } catch (error) {
      if (!this.#isStopping && isAppError(error) && (error.kind === 'unavailable' || error.kind === 'limit')) return false
      logger.warn('messages of syslog could not be stored', { messages: messages.length, error })
      instruments.dropped.inc({ reason: 'failed' }, messages.length)
      return true
    }
  }

  #fill(session: EventSession, messages: readonly Message[]): void {
    this.#lines.begin(session.logs, protocolName, false)
    for (const { bytes, address } of messages) this.#reader.read(bytes, { nowMs: session.nowMs, address })
    this.#lines.end()
  }

  #tellUnowned(address: string): void {
    const nowMs = this.#deps.clock.monotonicMs()
    if (nowMs - this.#toldMs < unownedToldMs) return
    this.#toldMs = nowMs
    this.#deps.logger.warn('syslog from another machine belongs to no project; its messages need [bellwether key="…"]', { address })
  }
}

function sizeOf({ bytes }: Message): number {
  return bytes.length + overheadBytes
}
