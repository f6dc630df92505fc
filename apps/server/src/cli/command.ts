/** What a command is: a name, a line of help and, once it is loaded, its options and what it does. Exit codes: 0 good, 1 failed, 2 wrong use. */
import type { ParseArgsConfig } from 'node:util'

export const exitGood = 0
export const exitFailed = 1
export const exitWrongUse = 2

export interface CommandContext {
  readonly options: Readonly<Record<string, string | boolean | undefined>>
  readonly positionals: readonly string[]
  /** Writes a line to standard output. */
  print(line: string): void
  /** Writes a line to standard error. */
  complain(line: string): void
  /** Aborts on SIGTERM and SIGINT. */
  readonly stop: AbortSignal
}

/** A command as the overview knows it. */
export interface CommandEntry {
  readonly name: string
  readonly summary: string
  load(): Promise<Command>
}

export interface Command {
  /** What follows the name in the usage line. */
  readonly usage: string
  readonly options: NonNullable<ParseArgsConfig['options']>
  /** One line an option, in the order of help. */
  readonly optionHelp: readonly (readonly [option: string, help: string])[]
  run(context: CommandContext): Promise<number>
}
