/** `bellwether migrate`: schemas up to date, nothing served. `serve` does the same when it starts. */
import { migrate } from '../compose/migrate.ts'
import { createLogger } from '../kernel/log.ts'
import { exitFailed, exitGood, type Command } from './command.ts'
import { configOption, configOptionHelp, readConfig } from './config-command.ts'

export const migrateCommand: Command = {
  usage: '[--config FILE]',
  options: configOption,
  optionHelp: [configOptionHelp],
  async run(context) {
    const settings = readConfig(context)
    if (settings === null) return exitFailed
    await migrate(settings.config, createLogger(settings.config.logLevel))
    context.print('The schemas are up to date.')
    return exitGood
  },
}
