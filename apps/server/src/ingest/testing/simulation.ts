/**
 * Log and writer through several lives of the program on a bad disk with a bad engine, decided by one seed. Afterwards: every
 * row whose record was acknowledged is in the engine exactly once or in the dead letters, no other row is there twice, no token
 * ever came with other rows, and the counters balance.
 */
import { isAppError } from '../../kernel/errors.ts'
import { silentLogger } from '../../kernel/log.ts'
import { createConservation } from '../conservation.ts'
import type { BalancedConservation } from '../conservation.ts'
import { openSpool } from '../log/spool.ts'
import type { Spool } from '../log/spool-options.ts'
import type { Lane } from '../ports.ts'
import { recoverLog } from '../recovery.ts'
import { createWriter } from '../writer/writer.ts'
import type { Writer } from '../writer/writer.ts'
import { FakeEngine, idHandler, idRecord, idsOf } from './fake-engine.ts'
import { noDiskFaults, SimDisk } from './sim-disk.ts'
import type { SimProcess } from './sim-world.ts'
import { SimWorld } from './sim-world.ts'

export interface SimulationSummary {
  readonly acknowledged: number
  readonly refused: number
  readonly unanswered: number
  readonly lives: number
  readonly deaths: number
  readonly deadLetters: number
  readonly inserts: number
}

interface SentRecord {
  readonly lane: Lane
  readonly ids: readonly number[]
  answer: 'none' | 'acknowledged' | 'refused'
}

/** Throws with the seed in its message when a promise is broken. */
export async function runSimulation(seed: number): Promise<SimulationSummary> {
  try {
    return await new Simulation(seed).run()
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

class Simulation {
  readonly #world: SimWorld
  readonly #disk: SimDisk
  readonly #engine: FakeEngine
  readonly #sent: SentRecord[] = []
  readonly #options: { segmentRowsMax: number; segmentBytesMax: number; retainBytesMax: number; sizeBytesMax: number; concurrency: number }
  #nextId = 1
  #lives = 0
  #deaths = 0

  constructor(seed: number) {
    this.#world = new SimWorld(seed)
    const { random } = this.#world
    this.#disk = new SimDisk(random)
    this.#engine = new FakeEngine(this.#world)
    // Half of the deaths take the power with them; otherwise the system's cache survives the process.
    this.#world.onDeath = () => {
      if (random.chance(0.5)) this.#disk.crash()
    }
    this.#options = {
      segmentRowsMax: random.between(1, 40),
      segmentBytesMax: random.pick([200, 1000, 100_000]),
      retainBytesMax: random.pick([0, 500, 1_000_000]),
      sizeBytesMax: random.pick([3000, 1_000_000]),
      concurrency: random.between(1, 2),
    }
  }

  async run(): Promise<SimulationSummary> {
    const { random } = this.#world
    const lives = random.between(1, 4)
    for (let life = 0; life < lives; life++) await this.#live(random.chance(0.7))
    const deadIds = await this.#lastLife()
    this.#check(deadIds)
    const count = (answer: SentRecord['answer']): number => this.#sent.filter((record) => record.answer === answer).length
    return {
      acknowledged: count('acknowledged'),
      refused: count('refused'),
      unanswered: count('none'),
      lives: this.#lives,
      deaths: this.#deaths,
      deadLetters: deadIds.size,
      inserts: this.#engine.inserts,
    }
  }

  /** A life with faults, which ends by a crash or in good order (and then sometimes by a power cut). */
  async #live(mayDie: boolean): Promise<void> {
    const { random } = this.#world
    const rate = random.pick([0, 0.01, 0.05, 0.2])
    this.#disk.faults = { shortWrite: rate, noSpace: rate, writeError: rate, syncError: rate, otherError: random.pick([0, rate]) }
    this.#disk.freeBytes = random.chance(0.05) ? 0 : 1e12
    const engineRate = random.pick([0, 0.1, 0.5, 0.95])
    this.#engine.faults = {
      unavailable: engineRate * random.next(),
      timeoutAfter: engineRate * random.next(),
      forgets: engineRate * random.next(),
    }
    const process = this.#world.process(mayDie ? random.between(1, random.pick([60, 250])) : Number.POSITIVE_INFINITY)
    await this.#during(process, () => this.#scenario(process))
    if (!process.dead && random.chance(0.3)) this.#disk.crash()
  }

  async #during(process: SimProcess, scenario: () => Promise<void>): Promise<void> {
    this.#lives++
    let outcome: 'running' | 'done' | { readonly error: unknown } = 'running'
    scenario().then(
      () => (outcome = 'done'),
      (error: unknown) => (outcome = { error }),
    )
    await this.#world.turn(() => outcome !== 'running' || process.dead)
    if (process.dead) this.#deaths++
    const ended: unknown = outcome
    process.dead = true
    // A disk that fails while the log is opened ends that life; the next one tries again.
    if (typeof ended === 'object' && ended !== null && 'error' in ended && !isAppError(ended.error, 'ingest.log_unavailable'))
      throw ended.error
  }

  async #scenario(process: SimProcess): Promise<void> {
    const { random } = this.#world
    const { log, writer } = await this.#start(process)
    const senders = Array.from({ length: random.between(1, 4) }, () => this.#send(process, log, random.between(1, 12)))
    await Promise.all(senders)
    if (random.chance(0.5)) await this.#world.clock(process).sleep(random.between(1, 5000))
    await writer[Symbol.asyncDispose]()
    await log[Symbol.asyncDispose]()
  }

  async #start(process: SimProcess): Promise<{ log: Spool; writer: Writer; conservation: BalancedConservation }> {
    const { random } = this.#world
    const clock = this.#world.clock(process)
    const log = await openSpool({
      ...this.#options,
      directory: '/log',
      segmentAgeMs: 1000,
      diskReserveBytes: 1000,
      clock,
      logger: silentLogger,
      files: this.#disk.files(this.#world, process),
      randomLogId: () => Array.from({ length: 16 }, () => random.below(16).toString(16)).join(''),
    })
    const conservation = createConservation()
    const handlers = new Map([['metrics' as const, idHandler(conservation)]])
    await recoverLog(log, handlers, conservation)
    const writer = createWriter({
      log,
      handlers,
      insert: (request) => this.#engine.insert(process, request),
      isThere: (probe) => this.#engine.isThere(process, probe),
      conservation,
      clock,
      logger: silentLogger,
      concurrency: this.#options.concurrency,
      drainTimeoutMs: random.pick([0, 5000]),
      random: () => random.next(),
      yieldTurn: () => this.#world.perform(process, () => undefined),
    })
    writer.start()
    return { log, writer, conservation }
  }

  async #send(process: SimProcess, log: Spool, records: number): Promise<void> {
    const { random } = this.#world
    for (let at = 0; at < records; at++) {
      if (random.chance(0.4)) await this.#world.clock(process).sleep(random.below(700))
      const ids = Array.from({ length: random.between(1, 9) }, () => this.#nextId++)
      const lane = random.pick<Lane>(['ready', 'ready', 'ready', 'raw', 'low'])
      if (lane === 'ready' && random.chance(0.01)) ids.push(-this.#nextId++)
      const record: SentRecord = { lane, ids, answer: 'none' }
      this.#sent.push(record)
      try {
        await log.append(lane, idRecord(ids, random.between(1, 3)))
        record.answer = 'acknowledged'
      } catch (error) {
        if (!isAppError(error)) throw error
        record.answer = 'refused'
      }
    }
  }

  /** No faults: everything that is left goes where it belongs. Gives the ids in the dead letters. */
  async #lastLife(): Promise<Set<number>> {
    this.#disk.faults = noDiskFaults
    this.#disk.freeBytes = 1e12
    this.#engine.faults = { unavailable: 0, timeoutAfter: 0, forgets: 0 }
    const dead = new Set<number>()
    const process = this.#world.process(Number.POSITIVE_INFINITY)
    await this.#during(process, async () => {
      const { log, writer, conservation } = await this.#start(process)
      await writer.drain(new AbortController().signal)
      const imbalances = conservation.balance()
      if (imbalances.length > 0) throw new Error(`counters do not balance: ${JSON.stringify(imbalances)}`)
      if (conservation.rows().some((row) => row.queued !== 0)) throw new Error(`rows still queued: ${JSON.stringify(conservation.rows())}`)
      await writer[Symbol.asyncDispose]()
      for (const { id, lane } of await log.listDeadLetters()) {
        await log.replayDeadLetter(id)
        const segment = await log.take(lane, new AbortController().signal)
        for (const record of (await segment?.read()) ?? [])
          for (const row of idsOf(Buffer.from(record.payload).toString('utf8'))) dead.add(row)
      }
      await log[Symbol.asyncDispose]()
    })
    return dead
  }

  #check(deadIds: ReadonlySet<number>): void {
    const [violation] = this.#engine.violations
    if (violation !== undefined) throw new Error(violation)
    for (const { lane, ids, answer } of this.#sent) {
      for (const id of ids) {
        if (lane !== 'ready' && id % 10 === 0) continue
        const stored = this.#engine.count('rows', id)
        if (stored > 1) throw new Error(`row ${id} (${lane}, ${answer}) is in the engine ${stored} times`)
        if (answer === 'acknowledged' && stored === 0 && !deadIds.has(id)) throw new Error(`acknowledged row ${id} (${lane}) is lost`)
      }
      const first = lane === 'ready' ? ids[0] : ids.find((id) => id % 10 !== 0)
      if (first === undefined) continue
      const firsts = this.#engine.count('firsts', first)
      if (firsts > 1) throw new Error(`first ${first} is in the engine ${firsts} times`)
      if (answer === 'acknowledged' && firsts === 0 && !deadIds.has(first)) throw new Error(`acknowledged first ${first} is lost`)
    }
  }
}
