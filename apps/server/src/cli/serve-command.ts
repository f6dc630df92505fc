/** `bellwether serve`: runs everything until it is told to stop. */
import { readConfig, configOption, configOptionHelp } from './config-command.ts'
import { exitFailed, exitGood, type Command, type CommandContext } from './command.ts'
import { firstDataLines } from './first-data.ts'
import { version } from './version-command.ts'
import { startServer, type RunningServer } from '../compose/serve.ts'
import { createLogger } from '../kernel/log.ts'

/** Stopping takes longer than this, ms, only when something hangs; data that was acknowledged is in the log all the same. */
const stopMsMax = 14_000

export const serveCommand: Command = {
  usage: '[--config FILE]',
  options: configOption,
  optionHelp: [configOptionHelp],
  async run(context) {
    const settings = readConfig(context)
    if (settings === null) return exitFailed
    // Told so while the program was loaded.
    if (context.stop.aborted) return exitGood
    const logger = createLogger(settings.config.logLevel)
    const server = await startServer({ config: settings.config, version, logger, warn: (line) => context.complain(line) })
    greet(context, server)
    await new Promise<void>((resolve) => {
      if (context.stop.aborted) resolve()
      else context.stop.addEventListener('abort', () => resolve(), { once: true })
    })
    context.print('Stopping: what is under way ends, what is acknowledged is kept.')
    const late = globalThis.setTimeout(() => {
      logger.error('stopping took too long; leaving what is acknowledged in the ingest log')
      process.exit(exitGood)
    }, stopMsMax)
    await server[Symbol.asyncDispose]()
    // Not cleared: a connection to an engine of yours that hangs would keep an otherwise finished process for ever.
    late.unref()
    return exitGood
  },
}

function greet(context: CommandContext, { url, publicUrl, firstRun }: RunningServer): void {
  if (firstRun.signInToken !== null) {
    context.print('')
    context.print(`Sign in as ${firstRun.adminEmail} (this link works once): ${publicUrl}/first-run?token=${firstRun.signInToken}`)
  }
  if (firstRun.created) {
    context.print('')
    context.print('This is a new installation: organization `default` with project `1`.')
    context.print(`Ingest key of project 1, for what sends from other machines: ${firstRun.ingestKey}`)
    context.print('')
    for (const line of firstDataLines(url)) context.print(line)
    context.print('')
  }
  context.print(`Bellwether is ready at ${url}`)
}
