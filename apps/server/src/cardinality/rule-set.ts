/** Rules compiled: which decides about a metric, and what labels it leaves. */
import { AppError, isAppError } from '../kernel/errors.ts'
import { compilePattern, type Labels, type MetricMetadata } from '../metrics/index.ts'
import { badRule } from './errors.ts'
import { labelsPerRuleMax, matchedNamesMax, matchLengthMax } from './limits.ts'
import type { MetricMatch, RuleAction, RuleDraft } from './ports.ts'

/** A rule as far as it matters for data. */
export interface ActiveRule {
  readonly id: string
  readonly version: number
  readonly match: MetricMatch
  readonly action: RuleAction
}

const familySuffixes = ['_bucket', '_sum', '_count']
/** Without these a classic histogram or summary means nothing. */
const keptAlways = new Set(['__name__', 'le', 'quantile'])

const growingSuffix = /_(total|bucket|sum|count)$/

/** Is the metric one whose growth counts? By its description, else by its name. */
export function isGrowing(name: string, type: MetricMetadata['type'] | null): boolean {
  if (type === 'counter') return true
  if (type === 'histogram' || type === 'summary') return /_(bucket|sum|count)$/.test(name)
  return type === 'gauge' ? false : growingSuffix.test(name)
}

/** Does the match take this metric name? Throws `cardinality.bad_rule` for a pattern that is none. */
export function matcherOf({ kind, value }: MetricMatch): (name: string) => boolean {
  if (kind === 'prefix') return (name) => name.startsWith(value)
  if (kind === 'exact') {
    const names = new Set([value, ...familySuffixes.map((suffix) => value + suffix)])
    return (name) => names.has(name)
  }
  const pattern = compiled(value)
  return (name) => {
    try {
      return pattern.matches(name)
    } catch (error) {
      // It took too long over this name: then it does not match it.
      if (isAppError(error)) return false
      throw error
    }
  }
}

function compiled(value: string): ReturnType<typeof compilePattern> {
  try {
    return compilePattern(value)
  } catch (error) {
    if (!isAppError(error)) throw error
    throw new AppError(badRule, { publicText: `The pattern is not valid: ${error.publicText}`, cause: error })
  }
}

/** Throws `cardinality.bad_rule` with what is wrong. */
export function checkDraft({ match, action }: Pick<RuleDraft, 'match' | 'action'>): void {
  const wrong = (publicText: string): AppError => new AppError(badRule, { publicText })
  if (match.value === '') throw wrong('A rule has to name a metric, a prefix or a pattern.')
  if (match.value.length > matchLengthMax) throw wrong(`A name or pattern has at most ${matchLengthMax} characters.`)
  matcherOf(match)
  if (action.kind === 'drop_metric') return
  if (action.labels.length > labelsPerRuleMax) throw wrong(`A rule names at most ${labelsPerRuleMax} labels.`)
  if (action.kind !== 'keep_labels' && action.labels.length === 0) throw wrong('A rule that takes labels away has to name one.')
  const kept = action.kind === 'keep_labels' ? undefined : action.labels.find((label) => keptAlways.has(label))
  if (kept !== undefined) throw wrong(`'${kept}' cannot be taken away: without it the metric means nothing.`)
}

/** Does the action leave a label of this name? */
export function keepsLabel(action: RuleAction): (label: string) => boolean {
  if (action.kind === 'drop_metric') return () => false
  const named = new Set(action.labels)
  if (action.kind === 'keep_labels') return (label) => named.has(label) || keptAlways.has(label)
  return (label) => !named.has(label)
}

export function nameOf(labels: Labels): string {
  for (const [label, value] of labels) if (label === '__name__') return value
  return ''
}

/** A rule with its matcher and its labels at hand. */
export interface CompiledRule extends ActiveRule {
  readonly matches: (name: string) => boolean
  readonly keeps: (label: string) => boolean
}

export function compileRule(rule: ActiveRule): CompiledRule {
  return { ...rule, matches: matcherOf(rule.match), keeps: keepsLabel(rule.action) }
}

/** The active rules of one project, oldest first. */
export class RuleSet {
  readonly rules: readonly CompiledRule[]
  /** Since when these rules are in force, ms. */
  readonly sinceMs: number
  readonly #byName = new Map<string, CompiledRule | null>()

  constructor(rules: readonly ActiveRule[], sinceMs: number) {
    this.rules = rules.map(compileRule)
    this.sinceMs = sinceMs
  }

  /** The first that matches, or null. */
  ruleFor(name: string): CompiledRule | null {
    let found = this.#byName.get(name)
    if (found !== undefined) return found
    found = this.rules.find((rule) => rule.matches(name)) ?? null
    if (this.#byName.size >= matchedNamesMax) this.#byName.clear()
    this.#byName.set(name, found)
    return found
  }
}
