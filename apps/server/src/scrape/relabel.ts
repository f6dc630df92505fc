/**
 * Relabelling: rules that change, keep or drop label sets, of targets and of scraped series, as Prometheus documents them
 * (`relabel_config`). Rules come from the operator's own file, so their expressions are trusted.
 */
import { createHash } from 'node:crypto'
import { AppError, type ErrorSpec } from '../kernel/errors.ts'

export const relabelActions = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] as const
export type RelabelAction = (typeof relabelActions)[number]

/** One rule as written; what is left out has Prometheus' default. */
export interface RelabelConfig {
  readonly action?: RelabelAction
  readonly sourceLabels?: readonly string[]
  readonly separator?: string
  readonly regex?: string
  readonly targetLabel?: string
  readonly replacement?: string
  readonly modulus?: number
}

/** Changes the labels in place; false: the target or series is dropped. */
export type Relabel = (labels: Map<string, string>) => boolean

export const relabelInvalid: ErrorSpec = { code: 'scrape.relabel_invalid', kind: 'invalid', publicText: 'The relabelling rule is wrong.' }

const defaultRegex = '(.*)'
const separatorDefault = ';'
const replacementDefault = '$1'

/** Rules one after the other. Errors: `scrape.relabel_invalid`, naming the rule by its place (from 1). */
export function compileRelabel(configs: readonly RelabelConfig[]): Relabel {
  const rules = configs.map((config, index) => compileRule(config, `rule ${index + 1}`))
  return (labels) => rules.every((rule) => rule(labels))
}

function compileRule(config: RelabelConfig, where: string): Relabel {
  const action = config.action ?? 'replace'
  const regex = anchored(config.regex ?? defaultRegex, where)
  const sources = config.sourceLabels ?? []
  const separator = config.separator ?? separatorDefault
  const source = (labels: ReadonlyMap<string, string>): string => sources.map((name) => labels.get(name) ?? '').join(separator)
  switch (action) {
    case 'keep':
      return (labels) => regex.test(source(labels))
    case 'drop':
      return (labels) => !regex.test(source(labels))
    case 'labelmap':
      return (labels) => renamed(labels, regex, config.replacement ?? replacementDefault)
    case 'labeldrop':
      return (labels) => withoutNames(labels, (name) => regex.test(name))
    case 'labelkeep':
      return (labels) => withoutNames(labels, (name) => !regex.test(name))
    default:
      return compileTargeted({ ...config, action }, { regex, source, where })
  }
}

interface RuleParts {
  readonly regex: RegExp
  readonly source: (labels: ReadonlyMap<string, string>) => string
  readonly where: string
}

/** The actions that have a target label. */
function compileTargeted(
  config: RelabelConfig & { action: Exclude<RelabelAction, 'keep' | 'drop' | 'labelmap' | 'labeldrop' | 'labelkeep'> },
  { regex, source, where }: RuleParts,
): Relabel {
  const target = config.targetLabel ?? ''
  if (target === '') throw wrong(where, `'${config.action}' needs a target_label`)
  switch (config.action) {
    case 'replace':
      return replaceRule({ regex, source, target, replacement: config.replacement ?? replacementDefault })
    case 'lowercase':
      return (labels) => put(labels, target, source(labels).toLowerCase())
    case 'uppercase':
      return (labels) => put(labels, target, source(labels).toUpperCase())
    case 'keepequal':
      return (labels) => source(labels) === (labels.get(target) ?? '')
    case 'dropequal':
      return (labels) => source(labels) !== (labels.get(target) ?? '')
    case 'hashmod': {
      const modulus = config.modulus ?? 0
      if (!Number.isSafeInteger(modulus) || modulus < 1) throw wrong(where, "'hashmod' needs a modulus of at least 1")
      return (labels) => put(labels, target, String(hashModulo(source(labels), modulus)))
    }
  }
}

function replaceRule(rule: {
  regex: RegExp
  source: (labels: ReadonlyMap<string, string>) => string
  target: string
  replacement: string
}): Relabel {
  const { regex, source, target, replacement } = rule
  return (labels) => {
    const match = regex.exec(source(labels))
    if (match === null) return true
    const name = expand(target, match)
    return name === '' ? true : put(labels, name, expand(replacement, match))
  }
}

/** An empty value is no label. */
function put(labels: Map<string, string>, name: string, value: string): true {
  if (value === '') labels.delete(name)
  else labels.set(name, value)
  return true
}

function renamed(labels: Map<string, string>, regex: RegExp, replacement: string): true {
  for (const [name, value] of Array.from(labels)) {
    const match = regex.exec(name)
    if (match !== null) put(labels, expand(replacement, match), value)
  }
  return true
}

function withoutNames(labels: Map<string, string>, isGone: (name: string) => boolean): true {
  for (const name of Array.from(labels.keys())) if (isGone(name)) labels.delete(name)
  return true
}

/** Groups as Go's `Expand` writes them: `$1`, `${1}`, `${name}`, `$$`; one that is not there is empty. */
function expand(template: string, match: RegExpExecArray): string {
  return template.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (_, braced: string | undefined, bare: string | undefined) => {
    const name = braced ?? bare
    if (name === undefined) return '$'
    return (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? ''
  })
}

/** The last 8 bytes of the MD5 as a big-endian number, as Prometheus shards targets. */
function hashModulo(text: string, modulus: number): number {
  const hash = createHash('md5').update(text).digest()
  return Number(hash.readBigUInt64BE(8) % BigInt(modulus))
}

/** Whole text, as RE2 does it; Go's named groups are written `(?P<name>…)`. */
function anchored(pattern: string, where: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern.replaceAll('(?P<', '(?<')})$`, 'su')
  } catch {
    throw wrong(where, `'${pattern.slice(0, 100)}' is not a regular expression`)
  }
}

function wrong(where: string, what: string): AppError {
  return new AppError(relabelInvalid, { publicText: `${where}: ${what}.` })
}
