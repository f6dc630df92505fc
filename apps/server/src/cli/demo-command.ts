/** `bellwether demo`: a simulated shop that sends to a running Bellwether through the public protocols. */
import { floodKey, runDemo } from '../demo/index.ts'
import { AppError, type ErrorSpec } from '../kernel/errors.ts'
import { systemClock } from '../kernel/clock.ts'
import { exitFailed, exitGood, exitWrongUse, type Command } from './command.ts'
import { configOption, configOptionHelp, localUrl } from './config-command.ts'

const notReachable: ErrorSpec = {
  code: 'demo.not_reachable',
  kind: 'unavailable',
  publicText: 'No Bellwether answers.',
  hint: "Start one with 'npm start' in another terminal, or name its address with --url.",
}

const historyDaysMax = 31

export const demoCommand: Command = {
  usage: '[--url URL] [--key KEY] [--days N] [--explode] [--flood (--token TOKEN | --flood-key KEY)] [--config FILE]',
  options: {
    ...configOption,
    url: { type: 'string' },
    key: { type: 'string' },
    days: { type: 'string' },
    explode: { type: 'boolean' },
    flood: { type: 'boolean' },
    token: { type: 'string' },
    'flood-key': { type: 'string' },
  },
  optionHelp: [
    ['--url URL', 'where Bellwether listens (default: this machine, at the port of the settings)'],
    ['--key KEY', 'ingest key of the project (default: none, which works on the same machine)'],
    ['--days N', 'days of history to send first (default: 7)'],
    ['--explode', 'a deploy goes wrong: a counter gets a label with ever new values'],
    ['--flood', "a second project floods: needs its key, or a token that may make the project 'flood'"],
    ['--flood-key KEY', 'ingest key of the project that floods'],
    ['--token TOKEN', 'API token for --flood'],
    configOptionHelp,
  ],
  async run(context) {
    const { url, key, days } = context.options
    const historyDays = typeof days === 'string' ? Number(days) : 7
    if (!Number.isInteger(historyDays) || historyDays < 0 || historyDays > historyDaysMax) {
      context.complain(`bellwether demo: --days takes a whole number from 0 to ${historyDaysMax}`)
      return exitWrongUse
    }
    const address = typeof url === 'string' ? url.replace(/\/+$/, '') : localUrl(context)
    if (address === null) return exitFailed
    await mustAnswer(address)
    const flooding = await floodingKey(context, address)
    if (flooding === 'missing') return exitWrongUse
    context.print(`Sending to ${address}`)
    await runDemo({
      url: address,
      ingestKey: typeof key === 'string' ? key : null,
      signal: context.stop,
      days: historyDays,
      isExploding: context.options['explode'] === true,
      floodKey: flooding,
      clock: systemClock,
      log: (line) => context.print(line),
    })
    return exitGood
  },
}

/** The key of the project that floods; null: none shall. */
async function floodingKey(context: Parameters<Command['run']>[0], address: string): Promise<string | null> {
  const { flood, token, 'flood-key': key } = context.options
  if (flood !== true) return null
  if (typeof key === 'string') return key
  if (typeof token === 'string') return await floodKey(address, token, context.stop)
  context.complain('bellwether demo: --flood needs --flood-key KEY or --token TOKEN')
  return 'missing'
}

async function mustAnswer(address: string): Promise<void> {
  try {
    const response = await fetch(`${address}/health/live`)
    if (response.ok) return
    throw new AppError(notReachable, { publicText: `${address} answers ${response.status} where a Bellwether answers 200.` })
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError(notReachable, { publicText: `No Bellwether answers at ${address}.`, cause: error })
  }
}
