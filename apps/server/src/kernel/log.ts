/** Structured logging: constant messages, facts as fields. Levels: error pages someone; what heals itself is warn. */
import { pino, type Logger as PinoLogger } from 'pino'

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'
export type LogFields = Readonly<Record<string, unknown>>

export interface Logger {
  error(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
  /** A logger whose lines carry `component`. */
  child(component: string): Logger
}

function wrap(inner: PinoLogger): Logger {
  return {
    error: (message, fields) => inner.error(fields ?? {}, message),
    warn: (message, fields) => inner.warn(fields ?? {}, message),
    info: (message, fields) => inner.info(fields ?? {}, message),
    debug: (message, fields) => inner.debug(fields ?? {}, message),
    child: (component) => wrap(inner.child({ component })),
  }
}

/** JSON lines on standard error; standard output is kept for what a person or script reads. */
export function createLogger(level: LogLevel): Logger {
  return wrap(pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true })))
}

/** Says nothing; for tests. */
export const silentLogger: Logger = {
  error() {},
  warn() {},
  info() {},
  debug() {},
  child: () => silentLogger,
}
