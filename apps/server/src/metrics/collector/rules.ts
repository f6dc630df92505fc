/** What an observation must be like, by the schema of its use case. Every refusal has a reason to be counted by, and says what offends. */
import {
  isUnit,
  looksLikeMri,
  metricIdOf,
  nameFault,
  parseMriOrNull,
  publicNameOf,
  unitFactor,
  wellKnownById,
  type MetricsIngestConfigurations,
  type SchemaRules,
  type StoredMriType,
  type UseCaseId,
} from '../../naming/index.ts'
import type { AggregateType } from '../aggregates/ports.ts'
import type { KnownMetric, Observation, ObservationRefusal, StoredObservation } from './ports.ts'

/** 1990-01-01: what is older is a wrong clock or a wrong unit of time. */
const timeMinMs = 631_152_000_000
const timeAheadMsMax = 600_000

export const typeOfMri: Readonly<Record<StoredMriType, AggregateType>> = { c: 'counter', d: 'distribution', g: 'gauge', s: 'set' }
const mriTypeOf: Readonly<Record<AggregateType, StoredMriType>> = { counter: 'c', distribution: 'd', gauge: 'g', set: 's' }

/** Names remembered by a collector, and the longest of them, UTF-16 units. */
const namesMax = 10_000
const nameRememberedMax = 300

/** Half of a pair of code units: no UTF-8 stands for it. */
const halfPair = /\p{Cs}/u

export interface RuleContext {
  readonly configurations: MetricsIngestConfigurations
  /** What the metric is already, null when it is not there. */
  readonly knownOf: (storedName: string) => KnownMetric | null
  readonly names: NameMemory
  readonly nowMs: number
}

/** `factor`: values as sent times this are in the unit of the metric. */
export interface Accepted {
  readonly type: 'ok'
  readonly observation: StoredObservation
  readonly factor: number
}

export type Judged = Accepted | ObservationRefusal

function reject(reason: string, detail: string): ObservationRefusal {
  return { type: 'reject', reason, detail }
}

function shown(text: string): string {
  const cut = text.length > 60 ? `${text.slice(0, 60)}…` : text
  return JSON.stringify(cut).slice(1, -1)
}

/** The metric an observation means. */
interface Target {
  readonly storedName: string
  readonly useCase: UseCaseId
  readonly type: AggregateType | null
  /** What the MRI says. */
  readonly unit: string | null
  /** What values of a well-known metric are in where nothing else is said or stored. */
  readonly usualUnit: string | null
}

/** As `judged`, for another value of a series that was judged: its name, tags, type and unit are good. */
export function judgedAgain({ value: sent, timeMs }: Observation, { observation: like, factor }: Accepted, nowMs: number): Judged {
  const { storedName, type, unit, tags } = like
  const value = converted(sent, factor)
  const fault = valueFault(value, storedName, type) ?? timeFault(timeMs, nowMs)
  if (fault !== null) return fault
  return { type: 'ok', factor, observation: { storedName, type, unit, value, tags, timeMs: timeMs ?? null } }
}

function converted(value: number | string, factor: number): number | string {
  return typeof value === 'string' || factor === 1 ? value : value * factor
}

/** What names mean, remembered: a bounded number of them. */
export class NameMemory {
  readonly #targets = new Map<string, Target | ObservationRefusal>()

  targetOf(name: string): Target | ObservationRefusal {
    const known = this.#targets.get(name)
    if (known !== undefined) return known
    const target = targetOf(name)
    if (name.length > nameRememberedMax) return target
    if (this.#targets.size >= namesMax) this.#targets.clear()
    this.#targets.set(name, target)
    return target
  }
}

export function judged(observation: Observation, context: RuleContext): Judged {
  const target = context.names.targetOf(observation.name)
  if ('reason' in target) return target
  const { storedName, useCase } = target
  const known = context.knownOf(storedName)
  const type = target.type ?? observation.type ?? known?.type ?? 'distribution'
  const rules = context.configurations.ofUseCase(useCase).schema
  const asked = { storedName, useCase, type, known: known?.type ?? null, mriType: target.type }
  const fault = typeFault(observation, asked, rules) ?? unitFault(observation, target)
  if (fault !== null) return fault
  const unit = unitOf(observation, { target, type, known })
  if ('reason' in unit) return unit
  const value = converted(observation.value, unit.factor)
  const amiss = valueFault(value, storedName, type) ?? timeFault(observation.timeMs, context.nowMs)
  if (amiss !== null) return amiss
  const tags = tagsOf(observation.tags ?? {}, storedName, rules)
  if ('reason' in tags) return tags
  const stored = { storedName, type, unit: unit.name === 'none' ? '' : unit.name, value, tags: tags.tags }
  return { type: 'ok', factor: unit.factor, observation: { ...stored, timeMs: observation.timeMs ?? null } }
}

function targetOf(name: string): Target | ObservationRefusal {
  if (name === '') return reject('name_missing', 'the metric has no name')
  if (halfPair.test(name)) return reject('invalid_utf8', `the name ${shown(name)} is no valid Unicode`)
  if (looksLikeMri(name)) {
    const mri = parseMriOrNull(name)
    if (mri === null) return reject('mri_invalid', `${shown(name)} is no MRI (type:namespace/name@unit)`)
    if (mri.type === 'e') return reject('type_not_stored', `${shown(name)} is derived: it is asked for, not recorded`)
    const usual = wellKnownById(mri)
    if (usual !== null && usual.type !== mri.type) return reject('type_changed', `${shown(name)} is of type ${usual.type}`)
    return {
      storedName: publicNameOf(mri),
      useCase: mri.namespace,
      type: typeOfMri[mri.type],
      unit: mri.unit,
      usualUnit: usual?.unit ?? null,
    }
  }
  const id = metricIdOf(name)
  const known = wellKnownById(id)
  if (known !== null && known.type === 'e') return reject('type_not_stored', `${shown(name)} is derived: it is asked for, not recorded`)
  const why = nameFault(id.namespace, id.name)
  if (why !== null) return reject(name.length > 200 ? 'name_too_long' : 'name_invalid', `${shown(name)}: ${why}`)
  if (known === null || known.type === 'e') return { storedName: name, useCase: id.namespace, type: null, unit: null, usualUnit: null }
  return { storedName: name, useCase: id.namespace, type: typeOfMri[known.type], unit: null, usualUnit: known.unit }
}

interface TypeQuestion {
  readonly storedName: string
  readonly useCase: UseCaseId
  readonly type: AggregateType
  readonly known: AggregateType | null
  readonly mriType: AggregateType | null
}

function typeFault(observation: Observation, asked: TypeQuestion, rules: SchemaRules): ObservationRefusal | null {
  const { storedName, useCase, type, known, mriType } = asked
  if (mriType !== null && observation.type !== undefined && observation.type !== mriType) {
    return reject('type_changed', `${shown(storedName)} is a ${mriType}, and came as a ${observation.type}`)
  }
  if (known !== null && known !== type) return reject('type_changed', `${shown(storedName)} is a ${known}, and came as a ${type}`)
  if (rules.types.includes(mriTypeOf[type])) return null
  return reject('type_not_allowed', `${shown(storedName)}: ${useCase} has no metrics of type ${type}`)
}

function unitFault({ unit }: Observation, target: Target): ObservationRefusal | null {
  if (unit === undefined || isUnit(unit)) {
    if (unit === undefined || target.unit === null || unit === target.unit) return null
    return reject('unit_invalid', `${shown(target.storedName)}: the MRI says ${target.unit}, and the unit ${unit}`)
  }
  return reject('unit_invalid', `${shown(target.storedName)}: ${shown(unit)} is no unit (letters, digits, _ and ., up to 30)`)
}

interface UnitQuestion {
  readonly target: Target
  readonly type: AggregateType
  readonly known: KnownMetric | null
}

/** What the metric is in, and what makes values as sent values in it. Members of sets are what they are: nothing is converted. */
function unitOf(
  { unit }: Observation,
  { target, type, known }: UnitQuestion,
): { readonly name: string; readonly factor: number } | ObservationRefusal {
  const said = target.unit ?? unit ?? null
  const usual = target.usualUnit ?? 'none'
  if (known === null) return { name: said ?? usual, factor: 1 }
  const stored = known.unit === '' ? usual : known.unit
  if (said === null || said === stored) return { name: stored, factor: 1 }
  const factor = type === 'set' ? null : unitFactor(said, stored)
  if (factor !== null) return { name: stored, factor }
  return reject('unit_invalid', `${shown(target.storedName)} is in ${stored}, and came in ${said}`)
}

function valueFault(value: number | string, name: string, type: AggregateType): ObservationRefusal | null {
  if (type === 'set') {
    return typeof value === 'string' && halfPair.test(value) ? reject('invalid_utf8', `${shown(name)}: a member is no valid Unicode`) : null
  }
  if (typeof value === 'string') return reject('value_not_a_number', `${shown(name)}: ${shown(value)} is no number`)
  if (!Number.isFinite(value)) return reject('value_not_finite', `${shown(name)}: the value is ${value}`)
  return type === 'counter' && value < 0 ? reject('counter_negative', `${shown(name)}: a counter cannot go down by ${-value}`) : null
}

function timeFault(timeMs: number | undefined, nowMs: number): ObservationRefusal | null {
  if (timeMs === undefined || (timeMs >= timeMinMs && timeMs <= nowMs + timeAheadMsMax)) return null
  return reject('timestamp_out_of_range', `the time ${timeMs} ms is before 1990 or more than ten minutes ahead`)
}

type CheckedTags = { readonly tags: (readonly [string, string])[] } | ObservationRefusal

function tagsOf(tags: NonNullable<Observation['tags']>, metric: string, rules: SchemaRules): CheckedTags {
  const entries = Object.entries(tags)
  if (entries.length > rules.tagCountMax)
    return reject('too_many_tags', `${shown(metric)}: ${entries.length} tags, allowed are ${rules.tagCountMax}`)
  const out: (readonly [string, string])[] = []
  for (const [name, raw] of entries) {
    const value = String(raw)
    const fault = tagFault(name, value, rules)
    if (fault !== null) return reject(fault.reason, `${shown(metric)}: ${fault.detail}`)
    if (value !== '') out.push([name, value])
  }
  return { tags: out }
}

function tagFault(name: string, value: string, rules: SchemaRules): ObservationRefusal | null {
  if (name === '') return reject('tag_name_missing', 'a tag has no name')
  if (name.startsWith('__')) return reject('tag_name_reserved', `the tag ${shown(name)} begins with __, which is the program’s`)
  if (halfPair.test(name) || halfPair.test(value)) return reject('invalid_utf8', `the tag ${shown(name)} is no valid Unicode`)
  if (name.length > rules.tagNameLengthMax) {
    return reject('tag_name_too_long', `the tag ${shown(name)} has a name of over ${rules.tagNameLengthMax} characters`)
  }
  if (value.length <= rules.tagValueLengthMax) return null
  return reject('tag_value_too_long', `the tag ${shown(name)} has a value of over ${rules.tagValueLengthMax} characters`)
}
