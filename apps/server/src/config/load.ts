/** Reads settings from the environment and `bellwether.yaml` (environment wins) and checks them all at once. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse as parseYaml } from 'yaml'

import { settings, type Config, type Setting } from './schema.ts'

/** One wrong setting, as a line for a person. */
export interface ConfigProblem {
  readonly setting: string
  readonly source: string
  readonly message: string
}

/** `warnings` do not stop the start. */
export type ConfigResult =
  | {
      readonly ok: true
      readonly config: Config
      readonly sources: ReadonlyMap<string, string>
      readonly warnings: readonly ConfigProblem[]
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

export interface ConfigInputs {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Path of the settings file; a missing file is an error only when it was named. */
  readonly file: string | null
}

/** This process's own environment, for the entry point. */
export function processInputs(file: string | null): ConfigInputs {
  return { environment: process.env, file }
}

interface Given {
  readonly text: string
  readonly source: string
}

const prefix = 'BELLWETHER_'

/** Key of a setting in `bellwether.yaml`. */
export function yamlKey(environment: string): string {
  return environment.slice(prefix.length).toLowerCase()
}

/** Checks everything and reports every problem, not only the first. */
export function loadConfig(inputs: ConfigInputs): ConfigResult {
  const problems: ConfigProblem[] = []
  const warnings: ConfigProblem[] = []
  const given = new Map<string, Given>()
  readFile(inputs.file, given, problems)
  for (const [name, value] of Object.entries(inputs.environment)) {
    if (name.startsWith(prefix) && value !== undefined) given.set(name, { text: value, source: 'environment' })
  }
  const sources = new Map<string, string>()
  const values: Record<string, unknown> = {}
  for (const [field, setting] of Object.entries(settings) as [string, Setting<unknown>][]) {
    const found = given.get(setting.environment)
    sources.set(setting.environment, found?.source ?? 'default')
    values[field] = readSetting(setting, found, problems)
  }
  const known = new Set(Object.values(settings).map((setting) => setting.environment))
  for (const [name, { source }] of given) {
    if (!known.has(name) && !name.startsWith(`${prefix}TEST_`))
      warnings.push({ setting: name, source, message: `not a setting of this version${suggestion(name, known)}` })
  }
  if (problems.length > 0) return { ok: false, problems }
  return { ok: true, config: Object.freeze(values) as unknown as Config, sources, warnings }
}

function readSetting(setting: Setting<unknown>, found: Given | undefined, problems: ConfigProblem[]): unknown {
  const text = found?.text ?? setting.defaultText
  if (text === null) return null
  const parsed = setting.parse(text)
  if (parsed.ok) return parsed.value
  problems.push({
    setting: setting.environment,
    source: found?.source ?? 'default',
    message: `allowed: ${parsed.allowed}`,
  })
  return null
}

function readFile(file: string | null, given: Map<string, Given>, problems: ConfigProblem[]): void {
  const path = resolve(file ?? 'bellwether.yaml')
  if (!existsSync(path)) {
    if (file !== null) problems.push({ setting: '--config', source: path, message: 'there is no such file' })
    return
  }
  let content: unknown
  try {
    content = parseYaml(readFileSync(path, 'utf8'))
  } catch (error) {
    problems.push({
      setting: '--config',
      source: path,
      message: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error),
    })
    return
  }
  if (content === null) return
  if (typeof content !== 'object' || Array.isArray(content)) {
    problems.push({ setting: '--config', source: path, message: 'allowed: one `setting: value` a line' })
    return
  }
  for (const [key, value] of Object.entries(content)) {
    given.set(prefix + key.toUpperCase(), { text: String(value), source: path })
  }
}

function suggestion(name: string, known: ReadonlySet<string>): string {
  const near = [...known].filter((candidate) => distance(candidate, name) <= 2)
  return near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`
}

/** Edit distance (Levenshtein), for suggestions only. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + cost))
    }
    row = next
  }
  return row[b.length] ?? 0
}
