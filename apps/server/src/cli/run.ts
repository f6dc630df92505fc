/** Finds the command, parses its options, runs it. */
import { parseArgs } from 'node:util'

import { isAppError } from '../kernel/errors.ts'
import { exitFailed, exitGood, exitWrongUse, type Command, type CommandContext } from './command.ts'

export interface Terminal {
  print(line: string): void
  complain(line: string): void
  readonly stop: AbortSignal
}

/** Runs `argv` (without node and script) and gives the exit code. */
export async function runCommand(argv: readonly string[], commands: readonly Command[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = argv
  const helped = name === 'help' ? commands.find((candidate) => candidate.name === rest[0]) : undefined
  if (helped !== undefined) {
    printHelp(helped, terminal)
    return exitGood
  }
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    printOverview(commands, terminal)
    return name === undefined ? exitWrongUse : exitGood
  }
  const command = commands.find((candidate) => candidate.name === (name === '--version' ? 'version' : name))
  if (command === undefined) {
    terminal.complain(`bellwether: there is no command '${name}'; 'bellwether help' lists them`)
    return exitWrongUse
  }
  let parsed: Pick<CommandContext, 'options' | 'positionals'>
  try {
    const { values, positionals } = parseArgs({
      args: rest,
      options: { ...command.options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
      strict: true,
    })
    const options: Record<string, string | boolean | undefined> = {}
    for (const [option, value] of Object.entries(values)) options[option] = Array.isArray(value) ? value.join(',') : value
    parsed = { options, positionals }
  } catch (error) {
    terminal.complain(`bellwether ${command.name}: ${error instanceof Error ? error.message : String(error)}`)
    return exitWrongUse
  }
  if (parsed.options['help'] === true) {
    printHelp(command, terminal)
    return exitGood
  }
  return await settle(command, { ...parsed, ...terminal })
}

async function settle(command: Command, context: CommandContext): Promise<number> {
  try {
    return await command.run(context)
  } catch (error) {
    if (!isAppError(error)) throw error
    context.complain(`bellwether ${command.name}: ${error.publicText}${error.hint === null ? '' : ` ${error.hint}`} (${error.code})`)
    return exitFailed
  }
}

function printOverview(commands: readonly Command[], terminal: Terminal): void {
  terminal.print('usage: bellwether COMMAND [OPTIONS]\n')
  for (const command of commands) terminal.print(`  ${command.name.padEnd(10)} ${command.summary}`)
  terminal.print("\n'bellwether COMMAND --help' says more. Settings come from BELLWETHER_... variables and from")
  terminal.print("bellwether.yaml in the current folder; 'bellwether config' lists them all.")
}

function printHelp(command: Command, terminal: Terminal): void {
  terminal.print(`usage: bellwether ${`${command.name} ${command.usage}`.trimEnd()}\n\n${command.summary}\n`)
  for (const [option, help] of command.optionHelp) terminal.print(`  ${option.padEnd(22)} ${help}`)
}
