/**
 * A child process that is kept running: spawned, probed until it answers, restarted with back-off when it ends, stopped
 * gracefully. A child that is there and says nothing is `silent` within ten seconds, `ready` again when it speaks, and killed when it
 * does not for half a minute; it is then started again as any other. One that recovers by itself is `restarting` meanwhile. States: `starting` → `ready` → (`silent` | `restarting` |
 * `failed`) → `ready` …, `stopped` at the end. `failed` means that several starts in a row went wrong; it is still tried again, at
 * the longest interval. The child's standard input is a pipe that nothing is written to: its end tells the child that this
 * process is gone, however it went.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { type Clock, settlesWithin } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Logger } from '../../kernel/log.ts'
import { engineStartFailed } from '../errors.ts'
import { BackOff } from './back-off.ts'
import { RotatingLog } from './rotating-log.ts'

/**
 * What a child does when it is asked something: `well` and `recovering` (no questions yet) answer, `silent` does not. `unknown`: it
 * could not be asked, and is taken for what it was.
 */
export type Heard = 'well' | 'recovering' | 'silent' | 'unknown'

export type EngineState = 'starting' | 'ready' | 'silent' | 'restarting' | 'failed' | 'stopped'

export interface ProcessPlan {
  readonly command: string
  readonly args: readonly string[]
  /** The whole environment of the child; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly uid?: number
  readonly gid?: number
}

export interface SuperviseOptions {
  /** For messages: `ClickHouse`, `PostgreSQL`. */
  readonly name: string
  /** Runs before every start: writes configuration, clears what a crash left behind, picks a port. */
  prepare(): Promise<ProcessPlan>
  /** True when the process answers as itself. Must settle within about a second. */
  probe(): Promise<boolean>
  /** Asks the process something small; silent is one that takes a question and says nothing at all. Must settle within seconds. */
  listen?(): Promise<Heard>
  /** Runs after every spawn, e.g. to watch the new process from outside. Disposed when it has ended. */
  attach?(pid: number): Disposable
  /** More words about a failed start than the child printed, or null. */
  explain?(printed: readonly string[]): string | null
  readonly stopSignal: NodeJS.Signals
  /** How long the child may take to end after `stopSignal`, ms. One that is silent is not waited for. */
  readonly stopDeadlineMs: number
  /** Ends the child and all that belongs to it at once; SIGKILL to the child alone when not given. */
  kill?(pid: number): void
  readonly logFile: string
  readonly logger: Logger
  readonly clock: Clock
}

const readyTimeoutMs = 60_000
const probeEveryMs = 40
/** How often a ready process is listened to, and how soon again after it was not well. */
const listenEveryMs = 3_000
const listenAgainMs = 1_000
/** Silences in a row after which it counts as silent (one alone may be a busy moment), and after which it is killed. */
const silencesToSilent = 2
const silencesToKill = 6
/** How long the last output of an ended child is waited for. */
const lastWordsMs = 300
/** Longest reason in a message; the log has all of it. */
const reasonCharsMax = 400
/** The first start is tried this often before it counts as impossible; a chosen port may be taken in between. */
const firstStartAttempts = 2
/** Starts in a row that went wrong before the state is `failed`. */
const failuresToFail = 5
const backOffLimits = { firstMs: 250, mostMs: 30_000, healthyMs: 60_000 }

interface Run {
  readonly child: ChildProcess
  /** Resolves with words about how it ended. */
  readonly ended: Promise<string>
}

export class SupervisedProcess implements AsyncDisposable {
  readonly #options: SuperviseOptions
  readonly #log: RotatingLog
  readonly #backOff = new BackOff(backOffLimits)
  readonly #stopping = new AbortController()
  readonly #listeners = new Set<(state: EngineState) => void>()
  #state: EngineState = 'starting'
  #run: Run | null = null
  #supervision: Promise<void> | null = null
  #failure: string | null = null

  private constructor(options: SuperviseOptions) {
    this.#options = options
    this.#log = new RotatingLog(options.logFile)
  }

  /** Resolves once the process answers. Rejects with `engine.start_failed` and what the child printed. */
  static async start(options: SuperviseOptions): Promise<SupervisedProcess> {
    const supervised = new SupervisedProcess(options)
    try {
      const run = await supervised.#startFirst()
      supervised.#supervision = supervised.#supervise(run)
      return supervised
    } catch (error) {
      await supervised[Symbol.asyncDispose]()
      throw error
    }
  }

  state(): EngineState {
    return this.#state
  }

  /** Why the last start or run ended, or null. */
  get failure(): string | null {
    return this.#failure
  }

  get pid(): number | null {
    return this.#run?.child.pid ?? null
  }

  /** Calls `listener` at every change; dispose to stop. */
  onState(listener: (state: EngineState) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Asks the child to end, waits, and kills it at the deadline. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    if (this.#run !== null) await this.#end(this.#run)
    await this.#supervision
    this.#setState('stopped')
    this.#log[Symbol.dispose]()
  }

  async #startFirst(): Promise<Run> {
    for (let attempt = 1; ; attempt++) {
      const run = await this.#startOnce()
      if (run !== null) {
        this.#setState('ready')
        return run
      }
      if (attempt >= firstStartAttempts || this.#stopping.signal.aborted) {
        throw new AppError(engineStartFailed, {
          publicText: `${this.#options.name} did not start: ${this.#failure ?? 'no reason given'}`,
          hint: `More is in ${this.#options.logFile}. If its files are damaged, restore the data directory from a backup.`,
        })
      }
    }
  }

  /** Watches `first` and its successors until stopped. */
  async #supervise(first: Run): Promise<void> {
    const { clock, logger, name } = this.#options
    const { signal } = this.#stopping
    let run: Run | null = first
    let readySinceMs = clock.monotonicMs()
    for (;;) {
      if (run !== null) {
        const ended = new AbortController()
        void this.#listen(run, ended.signal)
        const how = await run.ended
        ended.abort()
        if (signal.aborted) return
        this.#failure = this.#describe(how)
      }
      const waitMs = this.#backOff.next(run === null ? 0 : clock.monotonicMs() - readySinceMs)
      this.#setState(this.#backOff.failures >= failuresToFail ? 'failed' : 'restarting')
      logger.warn('an engine ended and is started again', { engine: name, reason: this.#failure, waitMs, failures: this.#backOff.failures })
      await clock.sleep(waitMs, signal)
      if (signal.aborted) return
      run = await this.#startOnce()
      if (signal.aborted) return
      if (run === null) continue
      readySinceMs = clock.monotonicMs()
      this.#setState('ready')
      logger.info('an engine answers again', { engine: name, pid: run.child.pid })
    }
  }

  /** Follows whether a running child speaks, until it ends or is killed for its silence. */
  async #listen({ child }: Run, ended: AbortSignal): Promise<void> {
    const { clock, listen, logger, name } = this.#options
    if (listen === undefined) return
    let silences = 0
    while (silences < silencesToKill) {
      await clock.sleep(silences === 0 && this.#state === 'ready' ? listenEveryMs : listenAgainMs, ended)
      const heard = await listen()
      if (ended.aborted || this.#stopping.signal.aborted) return
      if (heard === 'unknown') continue
      silences = heard === 'silent' ? silences + 1 : 0
      this.#heard(heard, silences)
    }
    logger.warn('an engine says nothing any more and is killed', { engine: name, pid: child.pid })
    this.#kill(child)
  }

  #heard(heard: Exclude<Heard, 'unknown'>, silences: number): void {
    const { logger, name } = this.#options
    if (silences === silencesToSilent) {
      this.#failure = 'it is there and does not answer'
      this.#setState('silent')
      logger.warn('an engine does not answer', { engine: name, pid: this.pid })
    } else if (heard === 'recovering' && this.#state !== 'restarting') {
      this.#failure = this.#describe('it recovers and takes no questions yet')
      this.#setState('restarting')
      logger.warn('an engine recovers', { engine: name, pid: this.pid, reason: this.#failure })
    } else if (heard === 'well' && this.#state !== 'ready') {
      this.#failure = null
      this.#setState('ready')
      logger.info('an engine answers again', { engine: name, pid: this.pid })
    }
  }

  /** One start up to readiness. Null when it did not get there; `failure` says why. */
  async #startOnce(): Promise<Run | null> {
    const { clock } = this.#options
    this.#log.forget()
    let run: Run
    try {
      run = this.#spawn(await this.#options.prepare())
    } catch (error) {
      if (this.#supervision === null && error instanceof AppError) throw error
      this.#failure = error instanceof AppError ? error.publicText : String(error)
      return null
    }
    this.#run = run
    let how: string | null = null
    void run.ended.then((words) => (how = words))
    const startedMs = clock.monotonicMs()
    while (how === null && !this.#stopping.signal.aborted) {
      if (await this.#options.probe().catch(() => false)) return run
      if (clock.monotonicMs() - startedMs > readyTimeoutMs) {
        await this.#end(run)
        this.#failure = `it did not answer within ${readyTimeoutMs / 1000} s`
        return null
      }
      await Promise.race([run.ended, clock.sleep(probeEveryMs, this.#stopping.signal)])
    }
    await this.#end(run)
    this.#failure = this.#describe(how ?? 'it was stopped')
    return null
  }

  #spawn(plan: ProcessPlan): Run {
    const child = spawn(plan.command, plan.args, {
      cwd: plan.cwd,
      env: { ...plan.env },
      // A session of its own: Ctrl-C in a terminal must reach us first, so that what is under way still finds its engine.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(plan.uid === undefined ? {} : { uid: plan.uid }),
      ...(plan.gid === undefined ? {} : { gid: plan.gid }),
    })
    const log = this.#log
    child.stdout.on('data', (chunk: Buffer) => log.write(chunk))
    child.stderr.on('data', (chunk: Buffer) => log.write(chunk))
    // An error of the pipe is the child's end, which is reported by itself.
    child.stdin.on('error', () => {})
    const attached = child.pid === undefined ? null : (this.#options.attach?.(child.pid) ?? null)
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(`it cannot be run: ${error.message}`))
      child.once('exit', (code, killedBy) => {
        attached?.[Symbol.dispose]()
        if (this.#run?.child === child) this.#run = null
        const how = killedBy === null ? `it ended with exit code ${code}` : `it was ended by ${killedBy}`
        // After `close` everything it printed has been read; a child of its own may hold the pipes longer than we wait.
        const closed = new Promise<void>((done) => child.once('close', () => done()))
        void settlesWithin(this.#options.clock, closed, lastWordsMs).then(() => resolve(how))
      })
    })
    return { child, ended }
  }

  async #end(run: Run): Promise<void> {
    const { child } = run
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    if (this.#state !== 'silent' && (await this.#endsByItself(run))) return
    this.#options.logger.warn('an engine did not stop in time and is killed', { engine: this.#options.name, pid: child.pid })
    this.#kill(child)
    await run.ended
  }

  /** Asks the child to end; false when it has not at the deadline. */
  async #endsByItself({ child, ended }: Run): Promise<boolean> {
    const { clock, stopDeadlineMs, stopSignal } = this.#options
    child.kill(stopSignal)
    return await settlesWithin(clock, ended, stopDeadlineMs)
  }

  #kill(child: ChildProcess): void {
    if (this.#options.kill !== undefined && child.pid !== undefined) this.#options.kill(child.pid)
    else child.kill('SIGKILL')
  }

  #describe(how: string): string {
    const printed = this.#log.lastLines()
    const more = this.#options.explain?.(printed) ?? printed.at(-1) ?? null
    return more === null ? how : `${how}; ${more.slice(0, reasonCharsMax)}`
  }

  #setState(state: EngineState): void {
    if (state === this.#state) return
    this.#state = state
    for (const listener of this.#listeners) listener(state)
  }
}
