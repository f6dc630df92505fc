/** `bellwether config`: every setting with its value, where that comes from, and what it means. */
import { loadConfig, processInputs, settings, yamlKey, type ConfigProblem, type ConfigResult } from '../config/index.ts'
import { exitFailed, exitGood, type Command, type CommandContext } from './command.ts'

/** The option that every command which reads settings takes. */
export const configOption = { config: { type: 'string' } } as const
export const configOptionHelp: readonly [string, string] = [
  '--config FILE',
  'settings file (default: bellwether.yaml here, if there is one)',
]

/** Reads the settings; prints one line per problem and gives null when they are wrong. */
export function readConfig(context: CommandContext): Extract<ConfigResult, { ok: true }> | null {
  const file = context.options['config']
  const result = loadConfig(processInputs(typeof file === 'string' ? file : null))
  const problems = result.ok ? result.warnings : result.problems
  for (const problem of problems) context.complain(problemLine(problem))
  return result.ok ? result : null
}

/** Where a Bellwether with these settings listens on this machine; null when they are wrong (said already). */
export function localUrl(context: CommandContext): string | null {
  const settingsRead = readConfig(context)
  if (settingsRead === null) return null
  const { host, port } = settingsRead.config
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

function problemLine(problem: ConfigProblem): string {
  return `${problem.setting} (${problem.source}): ${problem.message}`
}

export const configCommand: Command = {
  usage: '[--config FILE]',
  options: configOption,
  optionHelp: [configOptionHelp],
  run(context) {
    const result = readConfig(context)
    if (result === null) return Promise.resolve(exitFailed)
    for (const [field, setting] of Object.entries(settings)) {
      const value = Object.entries(result.config).find(([name]) => name === field)?.[1]
      context.print(`# ${setting.meaning}`)
      context.print(
        `# ${setting.environment}, default: ${setting.defaultText ?? 'none'}; from ${result.sources.get(setting.environment) ?? 'default'}`,
      )
      context.print(
        value === null || value === undefined ? `# ${yamlKey(setting.environment)}:` : `${yamlKey(setting.environment)}: ${shown(value)}`,
      )
      context.print('')
    }
    return Promise.resolve(exitGood)
  },
}

/** As text; an address without the password it may carry. */
function shown(value: unknown): string {
  if (typeof value !== 'string' || !value.includes('://') || !URL.canParse(value)) return String(value)
  const url = new URL(value)
  const parameters = [...url.searchParams.keys()].filter((name) => /password|secret|token/i.test(name))
  if (url.password === '' && parameters.length === 0) return value
  if (url.password !== '') url.password = '***'
  for (const name of parameters) url.searchParams.set(name, '***')
  return url.href
}
