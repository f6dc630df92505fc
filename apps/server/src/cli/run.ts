/** Finds the command, parses its options, runs it. */
import { parseArgs } from 'node:util'

import { isAppError } from '../kernel/errors.ts'
import { exitFailed, exitGood, exitWrongUse, type CommandContext, type CommandEntry } from './command.ts'

export interface Terminal {
  print(line: string): void
  complain(line: string): void
  readonly stop: AbortSignal
}

/** Runs `argv` (without node and script) and gives the exit code. */
export async function runCommand(argv: readonly string[], commands: readonly CommandEntry[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = argv
  const helped = name === 'help' ? commands.find((candidate) => candidate.name === rest[0]) : undefined
  if (helped !== undefined) {
    await printHelp(helped, terminal)
    return exitGood
  }
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    printOverview(commands, terminal)
    return name === undefined ? exitWrongUse : exitGood
  }
  const entry = commands.find((candidate) => candidate.name === (name === '--version' ? 'version' : name))
  if (entry === undefined) {
    terminal.complain(`bellwether: there is no command '${name}'; 'bellwether help' lists them`)
    return exitWrongUse
  }
  const command = await entry.load()
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
    terminal.complain(`bellwether ${entry.name}: ${error instanceof Error ? error.message : String(error)}`)
    return exitWrongUse
  }
  if (parsed.options['help'] === true) {
    await printHelp(entry, terminal)
    return exitGood
  }
  const context: CommandContext = { ...parsed, ...terminal }
  try {
    return await command.run(context)
  } catch (error) {
    if (!isAppError(error)) throw error
    context.complain(`bellwether ${entry.name}: ${error.publicText}${error.hint === null ? '' : ` ${error.hint}`} (${error.code})`)
    return exitFailed
  }
}

function printOverview(commands: readonly CommandEntry[], terminal: Terminal): void {
  terminal.print('usage: bellwether COMMAND [OPTIONS]\n')
  for (const command of commands) terminal.print(`  ${command.name.padEnd(10)} ${command.summary}`)
  terminal.print("\n'bellwether COMMAND --help' says more. Settings come from BELLWETHER_... variables and from")
  terminal.print("bellwether.yaml in the current folder; 'bellwether config' lists them all.")
}

async function printHelp({ name, summary, load }: CommandEntry, terminal: Terminal): Promise<void> {
  const { usage, optionHelp } = await load()
  terminal.print(`usage: bellwether ${`${name} ${usage}`.trimEnd()}\n\n${summary}\n`)
  for (const [option, help] of optionHelp) terminal.print(`  ${option.padEnd(22)} ${help}`)
}
