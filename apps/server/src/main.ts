/** Entry point: commands, signals, exit code. Nothing is constructed here; see compose/. */
import type { Command } from './cli/command.ts'
import { configCommand } from './cli/config-command.ts'
import { demoCommand } from './cli/demo-command.ts'
import { importCommand } from './cli/import-command.ts'
import { doctorCommand } from './cli/doctor-command.ts'
import { migrateCommand } from './cli/migrate-command.ts'
import { promqlCommand } from './cli/promql-command.ts'
import { runCommand } from './cli/run.ts'
import { sendCommand } from './cli/send-command.ts'
import { serveCommand } from './cli/serve-command.ts'
import { versionCommand } from './cli/version-command.ts'

const commands: readonly Command[] = [
  serveCommand,
  demoCommand,
  importCommand,
  sendCommand,
  promqlCommand,
  configCommand,
  doctorCommand,
  migrateCommand,
  versionCommand,
]

/** Runs the command line and gives the exit code. A bug ends the process with code 1 after saying what it was. */
export async function main(argv: readonly string[]): Promise<number> {
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort(signal))
  return await runCommand(argv, commands, {
    print: (line) => process.stdout.write(`${line}\n`),
    complain: (line) => process.stderr.write(`${line}\n`),
    stop: stop.signal,
  })
}
