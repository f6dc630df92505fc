/**
 * A deterministic world for the simulation: one seed decides the order in which everything happens, what time it is, and when
 * a process dies. Nothing here waits for real time.
 */
import type { Clock } from '../../kernel/clock.ts'

/** mulberry32: small, fast, good enough to choose faults. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** [0, 1) */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }

  /** 0 .. below - 1 */
  below(below: number): number {
    return Math.floor(this.next() * below)
  }

  between(from: number, to: number): number {
    return from + this.below(to - from + 1)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }
}

/** What happens to one chosen operation of a process. */
export interface StepFault {
  readonly step: number
  /**
   * `dies`: the process ends there, before or after the operation's effect, with or without the power. A system's code: the operation
   * fails with it, done in part where it has parts.
   */
  readonly what:
    | { readonly type: 'dies'; readonly isDone: boolean; readonly isPowerLost: boolean }
    | { readonly type: 'fails'; readonly code: string }
}

/** One life of the program. Once dead, none of its operations ever settles. */
export interface SimProcess {
  dead: boolean
  readonly fault: StepFault | null
  steps: number
}

interface Task {
  readonly owner: SimProcess | null
  readonly run: () => void
}

interface Timer extends Task {
  readonly atMs: number
  readonly order: number
}

const startMs = 1_700_000_000_000
const turnsMax = 200_000

export class SimWorld {
  readonly random: Random
  /** Monotonic. */
  nowMs = startMs
  /** What someone set the wall clock ahead; below zero: back. */
  wallAheadMs = 0
  /** Runs when the power fails, for what was not durable. */
  onPowerLoss: () => void = () => undefined
  #tasks: Task[] = []
  #timers: Timer[] = []
  #order = 0

  constructor(seed: number) {
    this.random = new Random(seed)
  }

  process(fault: StepFault | null): SimProcess {
    return { dead: false, fault, steps: 0 }
  }

  /** The system's code with which the process's operation of this turn shall fail, or null. */
  failureOf({ fault, steps }: SimProcess): string | null {
    return fault?.step === steps && fault.what.type === 'fails' ? fault.what.code : null
  }

  /** Runs `effect` at a turn of its own, in any order with what else is under way; the process may die before or after it. */
  perform<T>(owner: SimProcess, effect: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.later(owner, () => {
        const { fault } = owner
        if (++owner.steps === fault?.step && fault.what.type === 'dies') {
          try {
            if (fault.what.isDone) effect()
          } catch {
            // A failing operation of a dying process is seen by nobody.
          }
          owner.dead = true
          if (fault.what.isPowerLost) this.onPowerLoss()
          return
        }
        try {
          resolve(effect())
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      })
    })
  }

  /** Something that happens some time; `owner` null when it outlives every process. */
  later(owner: SimProcess | null, run: () => void): void {
    this.#tasks.push({ owner, run })
  }

  /** Turns until `done`. Time moves only when nothing else can. */
  async turn(done: () => boolean): Promise<void> {
    for (let turns = 0; turns < turnsMax; turns++) {
      await new Promise<void>((resolve) => setImmediate(resolve))
      if (done()) return
      const task = this.#next()
      if (task === undefined) throw new Error('the simulation is stuck: nothing is under way and no timer is set')
      task.run()
    }
    throw new Error('the simulation does not end')
  }

  clock(owner: SimProcess): Clock {
    const after = (delayMs: number, run: () => void): Disposable => {
      const timer = { owner, run, atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++ }
      this.#timers.push(timer)
      return { [Symbol.dispose]: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) }
    }
    return {
      nowMs: () => this.nowMs + this.wallAheadMs,
      monotonicMs: () => this.nowMs,
      after,
      every(periodMs, run) {
        let current = after(periodMs, tick)
        function tick(): void {
          current = after(periodMs, tick)
          run()
        }
        return { [Symbol.dispose]: () => current[Symbol.dispose]() }
      },
      sleep: (delayMs, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted === true) return resolve()
          const end = (): void => {
            timer[Symbol.dispose]()
            signal?.removeEventListener('abort', end)
            resolve()
          }
          const timer = after(delayMs, end)
          signal?.addEventListener('abort', end)
        }),
    }
  }

  #next(): Task | undefined {
    this.#tasks = this.#tasks.filter((task) => task.owner?.dead !== true)
    this.#timers = this.#timers.filter((timer) => timer.owner?.dead !== true)
    if (this.#tasks.length > 0) return this.#tasks.splice(this.random.below(this.#tasks.length), 1)[0]
    this.#timers.sort((a, b) => a.atMs - b.atMs || a.order - b.order)
    const timer = this.#timers.shift()
    if (timer !== undefined) this.nowMs = Math.max(this.nowMs, timer.atMs)
    return timer
  }
}
