/** Groups of targets as files and HTTP discovery give them, in YAML or JSON: `[{ targets: [...], labels: { ... } }]`. */
import type { TargetGroup } from './config.ts'
import { invalidConfig } from './errors.ts'
import { yamlCharsMax } from './limits.ts'
import { readYaml, type YamlValue } from './yaml-reader.ts'

/** Errors: `scrape.config_invalid`. */
export function readGroup(value: YamlValue): TargetGroup {
  const map = value.map()
  const group = {
    targets: map.take('targets')?.texts() ?? [],
    labels: Object.fromEntries((map.take('labels')?.map().entries() ?? []).map(([name, label]) => [name, label.text()])),
  }
  map.end()
  return group
}

/** A whole document of groups. JSON is read by its own parser, which is much faster. Errors: `scrape.config_invalid`. */
export function readGroups(text: string): TargetGroup[] {
  if (!/^\s*\[/.test(text)) return readYamlGroups(text)
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    // YAML may begin like this too, and its reader knows the line.
    return readYamlGroups(text)
  }
  if (!Array.isArray(found)) throw invalidConfig('There must be a list of groups of targets.')
  return found.map((group: unknown, index) => groupOfJson(group, index))
}

function readYamlGroups(text: string): TargetGroup[] {
  if (text.length > yamlCharsMax) throw invalidConfig(`A YAML document must not be longer than ${yamlCharsMax} characters; JSON may be.`)
  return readYaml(text)?.list().map(readGroup) ?? []
}

function groupOfJson(group: unknown, index: number): TargetGroup {
  const isObject = typeof group === 'object' && group !== null
  const targets: unknown = isObject && 'targets' in group ? group.targets : null
  const labels: unknown = isObject && 'labels' in group ? (group.labels ?? {}) : {}
  if (!isTexts(targets)) throw invalidConfig(`Group ${index + 1}: targets must be a list of texts.`)
  if (typeof labels !== 'object' || labels === null || !isTexts(Object.values(labels)))
    throw invalidConfig(`Group ${index + 1}: labels must be texts by name.`)
  return { targets, labels: Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)])) }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}
