/** What the collector needs of where it runs: requests, timers, chance; and when it ends. */

/** `isFinal`: nothing of this program or page runs afterwards. */
export type Leave = (isFinal: boolean) => Promise<void>

export interface Platform {
  readonly fetch: typeof fetch
  readonly nowMs: () => number
  /** Calls `run` once after `delayMs`; the result cancels it. Does not keep a program alive. */
  readonly after: (delayMs: number, run: () => void) => () => void
  /** Keeps a program alive until the result is called. */
  readonly hold: () => () => void
  /** From 0 up to 1. */
  readonly random: () => number
  /** Hands a body to the browser to be sent after the page is gone; false when it will not. Null where there is no such thing. */
  readonly beacon: ((url: string, body: string) => boolean) | null
  /** Calls `leave` when the program or page ends, or may end (`isFinal` false); the result stops that. */
  readonly onExit: (leave: Leave) => () => void
  readonly isBrowser: boolean
}

/** The parts of Node's `process` that are used, whatever types there are. */
interface NodeProcess {
  once(event: string, run: () => void): void
  off(event: string, run: () => void): void
  kill(pid: number, signal: string): void
  readonly pid: number
}

function isNodeProcess(value: unknown): value is NodeProcess {
  return typeof value === 'object' && value !== null && 'pid' in value && 'once' in value && 'off' in value && 'kill' in value
}

function nodeProcess(): NodeProcess | null {
  const found: unknown = Reflect.get(globalThis, 'process')
  return isNodeProcess(found) ? found : null
}

function afterMs(delayMs: number, run: () => void): () => void {
  const timer: unknown = setTimeout(run, delayMs)
  if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function') timer.unref()
  return () => clearTimeout(Number(timer))
}

/** Longer than anything that is waited for at an end. */
const holdMs = 60_000

function holdAlive(): () => void {
  const timer = setTimeout(() => undefined, holdMs)
  return () => clearTimeout(timer)
}

/** A page may be thrown away from the moment it is hidden, and may come back; one that is left for good says so if there is time. */
function onPageHidden(leave: Leave): () => void {
  const hidden = (): void => {
    if (document.visibilityState === 'hidden') void leave(false)
  }
  const left = ({ persisted }: PageTransitionEvent): void => void leave(!persisted)
  document.addEventListener('visibilitychange', hidden)
  addEventListener('pagehide', left)
  return () => {
    document.removeEventListener('visibilitychange', hidden)
    removeEventListener('pagehide', left)
  }
}

/** SIGTERM ends a program that does not listen to it; one that listens through us ends as it would have, a little later. */
function onProgramEnd(program: NodeProcess, leave: Leave): () => void {
  const idle = (): void => void leave(true)
  const told = (): void => void leave(true).finally(() => program.kill(program.pid, 'SIGTERM'))
  program.once('beforeExit', idle)
  program.once('SIGTERM', told)
  return () => {
    program.off('beforeExit', idle)
    program.off('SIGTERM', told)
  }
}

/** The one this runs on. */
export function herePlatform(): Platform {
  const isBrowser = typeof document !== 'undefined' && typeof navigator !== 'undefined'
  const program = isBrowser ? null : nodeProcess()
  return {
    fetch: (...args) => fetch(...args),
    nowMs: () => Date.now(),
    after: afterMs,
    hold: holdAlive,
    random: () => Math.random(),
    beacon: isBrowser && typeof navigator.sendBeacon === 'function' ? (url, body) => navigator.sendBeacon(url, body) : null,
    onExit(leave) {
      if (isBrowser) return onPageHidden(leave)
      return program === null ? () => undefined : onProgramEnd(program, leave)
    },
    isBrowser,
  }
}
