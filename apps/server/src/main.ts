/** Entry point: commands, signals, exit code. Nothing is constructed here; see compose/. */
import { commands } from './cli/commands.ts'
import { outliveReader } from './cli/gone-reader.ts'
import { runCommand } from './cli/run.ts'

/** Runs the command line and gives the exit code. A bug ends the process with code 1 after saying what it was. */
export async function main(argv: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) outliveReader(stream)
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort(signal))
  return await runCommand(argv, commands, {
    print: (line) => process.stdout.write(`${line}\n`),
    complain: (line) => process.stderr.write(`${line}\n`),
    stop: stop.signal,
  })
}
