/** `bellwether doctor`: finds beforehand what would stop a start. */
import { diagnose } from '../engines/index.ts'
import { exitFailed, exitGood, type Command } from './command.ts'
import { configOption, configOptionHelp, readConfig } from './config-command.ts'

const marks = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL' } as const

export const doctorCommand: Command = {
  usage: '[--config FILE]',
  options: configOption,
  optionHelp: [configOptionHelp],
  async run(context) {
    const settings = readConfig(context)
    if (settings === null) return exitFailed
    const { config } = settings
    const checks = await diagnose({
      dataDir: config.dataDir,
      clickhouseUrl: config.clickhouseUrl,
      postgresUrl: config.postgresUrl,
      listeners: [
        { name: 'main', host: config.host, port: config.port, required: true },
        { name: 'OTLP over gRPC', host: config.host, port: config.otlpGrpcPort, required: false },
        { name: 'OTLP over HTTP', host: config.host, port: config.otlpHttpPort, required: false },
      ],
    })
    for (const { name, status, detail, fix } of checks) {
      context.print(`${marks[status]}  ${name}: ${detail}`)
      if (fix !== null) context.print(`      ${fix}`)
    }
    return checks.some(({ status }) => status === 'fail') ? exitFailed : exitGood
  },
}
