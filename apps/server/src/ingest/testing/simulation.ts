/**
 * Log and writer through several lives of the program on a bad disk with a bad engine, decided by one seed. Afterwards: every
 * row whose record was acknowledged is in the engine exactly once or in the dead letters, no other row is there twice, no token
 * ever came with other rows, and the counters balance. Meanwhile: a start makes visible what is acknowledged and not inserted, and
 * what waits is never called younger than it is, whatever the wall clock does.
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
import { FakeEngine, idHandler, idRecord, idsOf, noEngineFaults } from './fake-engine.ts'
import type { Mutation } from './mutations.ts'
import { noDiskFaults, SimDisk } from './sim-disk.ts'
import type { SimProcess, StepFault } from './sim-world.ts'
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

/** Throws with the command that repeats it in its message when a promise is broken. `mutation`: a fault put into the program. */
export async function runSimulation(seed: number, mutation: Mutation | null = null): Promise<SimulationSummary> {
  const simulation = new Simulation(seed, mutation)
  try {
    return await simulation.runLives()
  } catch (error) {
    throw new Error(`seed ${seed}: ${messageOf(error)}; again: npm run test:simulation 1 ${seed}`, { cause: error })
  }
}

/** One life of which nothing goes wrong but one operation. Resolves to the number of operations that the life had. */
export async function runWithFault(seed: number, fault: StepFault | null): Promise<number> {
  const simulation = new Simulation(seed, null)
  try {
    return await simulation.runOneFault(fault)
  } catch (error) {
    throw new Error(`seed ${seed}, ${JSON.stringify(fault)}: ${messageOf(error)}`, { cause: error })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

const hourMs = 3_600_000
/** Ids in one segment are nearer to one another than this. */
const segmentIdsMax = 400

class Simulation {
  readonly #world: SimWorld
  readonly #disk: SimDisk
  readonly #engine: FakeEngine
  readonly #mutation: Mutation | null
  readonly #sent: SentRecord[] = []
  /** Acknowledged rows that a start did not make visible; fine only in the dead letters. */
  readonly #notRecovered: number[] = []
  readonly #options: { segmentRowsMax: number; segmentBytesMax: number; retainBytesMax: number; sizeBytesMax: number; concurrency: number }
  #nextId = 1
  #lives = 0
  #deaths = 0

  constructor(seed: number, mutation: Mutation | null) {
    this.#mutation = mutation
    this.#world = new SimWorld(seed)
    const { random } = this.#world
    this.#disk = new SimDisk(random)
    this.#engine = new FakeEngine(this.#world)
    this.#world.onPowerLoss = () => this.#disk.crash()
    this.#options = {
      segmentRowsMax: random.between(1, 40),
      segmentBytesMax: random.pick([200, 1000, 100_000]),
      retainBytesMax: random.pick([0, 500, 1_000_000]),
      sizeBytesMax: random.pick([3000, 1_000_000]),
      concurrency: random.between(1, 2),
    }
  }

  async runLives(): Promise<SimulationSummary> {
    const { random } = this.#world
    const lives = random.between(1, 5)
    for (let life = 0; life < lives; life++) await this.#live(random.chance(0.8))
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

  async runOneFault(fault: StepFault | null): Promise<number> {
    const process = this.#world.process(fault)
    await this.#during(process, () => this.#scenario(process))
    this.#check(await this.#lastLife())
    return process.steps
  }

  /** A life with faults, which ends by a crash or in good order (and then sometimes by a power cut). */
  async #live(mayDie: boolean): Promise<void> {
    const { random } = this.#world
    const rate = random.pick([0, 0.01, 0.05, 0.2])
    this.#disk.faults = { shortWrite: rate, noSpace: rate, writeError: rate, syncError: rate, otherError: random.pick([0, rate]) }
    this.#disk.sizeBytes = random.pick([1e12, 1e12, 1e12, 1e12, 6000, 2500, 0])
    const engineRate = random.pick([0, 0.1, 0.5, 0.95])
    this.#engine.faults = {
      unavailable: engineRate * random.next(),
      timeoutAfter: engineRate * random.next(),
      forgets: engineRate * random.next(),
      slowMs: random.pick([0, 0, 100, 30_000]),
    }
    const step = random.between(1, random.pick([40, 80, 250]))
    // Half of the deaths take the power with them; otherwise the system's cache survives the process.
    const what = { type: 'dies', isDone: random.chance(0.5), isPowerLost: random.chance(0.5) } as const
    const process = this.#world.process(mayDie ? { step, what } : null)
    await this.#during(process, () => this.#scenario(process))
    if (!process.dead && random.chance(0.3)) this.#disk.crash()
    if (random.chance(0.2)) this.#world.wallAheadMs = random.between(-2, 2) * hourMs
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
    const mutated = this.#mutation?.parts(this.#lives, clock) ?? {}
    const files = this.#disk.files(this.#world, process)
    const spool = await openSpool({
      ...this.#options,
      directory: '/log',
      segmentAgeMs: 1000,
      diskReserveBytes: 1000,
      clock,
      logger: silentLogger,
      files: mutated.files?.(files) ?? files,
      randomLogId: () => Array.from({ length: 16 }, () => random.below(16).toString(16)).join(''),
    })
    const log = mutated.log?.(spool) ?? spool
    const conservation = createConservation()
    const handler = idHandler(conservation)
    const handlers = new Map([['metrics' as const, handler]])
    await recoverLog(log, handlers, conservation)
    this.#noteNotRecovered(new Set(handler.recovered))
    const insert: Parameters<typeof createWriter>[0]['insert'] = (request) => this.#engine.insert(process, request)
    const isThere: Parameters<typeof createWriter>[0]['isThere'] = (probe) => this.#engine.isThere(process, probe)
    const writer = createWriter({
      log,
      handlers,
      insert: mutated.insert?.(insert) ?? insert,
      isThere: mutated.isThere?.(isThere) ?? isThere,
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

  /** Records of the raw lanes become visible when they are decoded. */
  #noteNotRecovered(recovered: ReadonlySet<number>): void {
    for (const { lane, ids, answer } of this.#sent) {
      if (lane !== 'ready' || answer !== 'acknowledged') continue
      for (const id of ids) if (!recovered.has(id) && this.#engine.count('rows', id) === 0) this.#notRecovered.push(id)
    }
  }

  async #send(process: SimProcess, log: Spool, records: number): Promise<void> {
    const { random } = this.#world
    const clock = this.#world.clock(process)
    const waiting: { readonly id: number; readonly sinceMs: number }[] = []
    for (let at = 0; at < records; at++) {
      if (random.chance(0.4)) await clock.sleep(random.below(700))
      if (random.chance(0.02)) this.#world.wallAheadMs += random.pick([-hourMs, hourMs])
      const ids = Array.from({ length: random.between(1, 9) }, () => this.#nextId++)
      const lane = random.pick<Lane>(['ready', 'ready', 'ready', 'raw', 'low'])
      if (lane === 'ready' && random.chance(0.01)) ids.push(-this.#nextId++)
      const record: SentRecord = { lane, ids, answer: 'none' }
      this.#sent.push(record)
      try {
        await log.append(lane, idRecord(ids, random.between(1, 3)))
        record.answer = 'acknowledged'
        if (lane === 'ready' && ids[0] !== undefined) waiting.push({ id: ids[0], sinceMs: clock.monotonicMs() })
      } catch (error) {
        if (!isAppError(error)) throw error
        record.answer = 'refused'
      }
      this.#checkAge(log, waiting, clock.monotonicMs())
    }
  }

  /** The head takes what came longer ago than `oldestMs` for inserted. */
  #checkAge(log: Spool, waiting: readonly { readonly id: number; readonly sinceMs: number }[], nowMs: number): void {
    const { records, oldestMs } = log.backlog()
    if (records === 0) return
    const oldest = waiting.find(({ id }) => this.#engine.count('rows', id) === 0 && !this.#isInBadCompany(id))
    if (oldest !== undefined && oldestMs < nowMs - oldest.sinceMs)
      throw new Error(`row ${oldest.id} waits for ${nowMs - oldest.sinceMs} ms, and the log says ${oldestMs}`)
  }

  /** May the row be in one segment with one that is refused for ever? It then waits in the dead letters, which the log does not count. */
  #isInBadCompany(id: number): boolean {
    return this.#sent.some(({ ids }) => ids.some((other) => other < 0 && Math.abs(-other - id) <= segmentIdsMax))
  }

  /** No faults: everything that is left goes where it belongs. Gives the ids in the dead letters. */
  async #lastLife(): Promise<Set<number>> {
    this.#disk.faults = noDiskFaults
    this.#disk.sizeBytes = 1e12
    this.#engine.faults = noEngineFaults
    const dead = new Set<number>()
    const process = this.#world.process(null)
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
    for (const id of this.#notRecovered) {
      if (!deadIds.has(id)) throw new Error(`acknowledged row ${id} was neither in the engine nor visible after a start`)
    }
    for (const { lane, ids, answer } of this.#sent) {
      const kept = lane === 'ready' ? ids : ids.filter((id) => id % 10 !== 0)
      for (const id of kept) this.#checkRow('rows', id, { lane, answer, isDead: deadIds.has(id) })
      const [first] = kept
      if (first !== undefined) this.#checkRow('firsts', first, { lane, answer, isDead: deadIds.has(first) })
    }
  }

  #checkRow(table: string, id: number, { lane, answer, isDead }: { lane: Lane; answer: SentRecord['answer']; isDead: boolean }): void {
    const stored = this.#engine.count(table, id)
    if (stored > 1 && !this.#engine.mayBeTwice.has(`${table} ${id}`))
      throw new Error(`row ${id} (${lane}, ${answer}) is in the engine's ${table} ${stored} times`)
    if (answer === 'acknowledged' && stored === 0 && !isDead) throw new Error(`acknowledged row ${id} (${lane}) is lost from ${table}`)
  }
}
