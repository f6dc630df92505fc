/**
 * MRI: the full name of a metric, `type:namespace/name@unit`, as in `d:transactions/duration@millisecond`. Read strictly: what is wrong is
 * said by part and position, and what is read is written back the same.
 */
import { AppError, type ErrorSpec } from '../kernel/errors.ts'
import { isUnit, unitLengthMax } from './units.ts'
import { isUseCaseId, useCaseIds, type UseCaseId } from './use-case.ts'

/** Counter, distribution, gauge, set; `e` is evaluated when asked for, and never stored. */
export type MriType = 'c' | 'd' | 'g' | 's' | 'e'
export const storedMriTypes = ['c', 'd', 'g', 's'] as const
export type StoredMriType = (typeof storedMriTypes)[number]

export interface Mri {
  readonly type: MriType
  readonly namespace: UseCaseId
  readonly name: string
  readonly unit: string
}

/** UTF-16 units of a metric's name. */
export const metricNameLengthMax = 200

/** Names the program gives: words joined by single dots. */
const systemNamePattern = /^[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*$/
/** Names people give are kept as they are, as far as they can be told from the rest: nothing unprintable, no `@`, no blank at an end. */
const customNamePattern = /^(?! )[^@\p{Cc}\p{Cs}]+(?<! )$/u

export type MriPart = 'type' | 'namespace' | 'name' | 'unit'

export const badMri: ErrorSpec = {
  code: 'naming.bad_mri',
  kind: 'invalid',
  publicText: 'This is not an MRI.',
  hint: 'An MRI is type:namespace/name@unit, as in d:transactions/duration@millisecond or c:custom/orders@none.',
}

/** `naming.bad_mri`, with the part that offends and where it begins (UTF-16 units from 0). */
export class BadMri extends AppError {
  readonly part: MriPart
  readonly position: number

  constructor(text: string, fault: MriFault) {
    const shown = text.length > 120 ? `${text.slice(0, 120)}…` : text
    super(badMri, { publicText: `'${shown}' is not an MRI: at position ${fault.position}, ${fault.part}: ${fault.text}.` })
    this.part = fault.part
    this.position = fault.position
  }
}

interface MriFault {
  readonly part: MriPart
  readonly position: number
  readonly text: string
}

const types: readonly string[] = ['c', 'd', 'g', 's', 'e'] satisfies MriType[]

function isMriType(text: string): text is MriType {
  return types.includes(text)
}

/** Why it is no name of a metric in this namespace, null when it is one. */
export function nameFault(namespace: UseCaseId, name: string): string | null {
  if (name === '') return 'the name is empty'
  if (name.length > metricNameLengthMax) return `the name is longer than ${metricNameLengthMax} characters`
  if (namespace === 'custom') {
    return customNamePattern.test(name) ? null : "a name has no '@', nothing unprintable, and no blank at its ends"
  }
  return systemNamePattern.test(name) ? null : 'a name is words of letters, digits, _ and - joined by single dots'
}

function unitFault(unit: string): string | null {
  if (unit === '') return "the unit is missing; a metric without one says 'none'"
  if (unit.length > unitLengthMax) return `the unit is longer than ${unitLengthMax} characters`
  return isUnit(unit) ? null : 'a unit is letters, digits, _ and .'
}

/** True for text that means to be an MRI and no plain name: a letter, a colon, and the rest of the marks behind it. */
export function looksLikeMri(text: string): boolean {
  return /^[a-z]:[^/]*\/.*@/su.test(text)
}

/** Errors: `BadMri`. */
export function parseMri(text: string): Mri {
  const read = readMri(text)
  if ('fault' in read) throw new BadMri(text, read.fault)
  return read.mri
}

/** Null for what is none. */
export function parseMriOrNull(text: string): Mri | null {
  const read = readMri(text)
  return 'fault' in read ? null : read.mri
}

function readMri(text: string): { readonly mri: Mri } | { readonly fault: MriFault } {
  const fault = (part: MriPart, position: number, why: string): { fault: MriFault } => ({ fault: { part, position, text: why } })
  const colon = text.indexOf(':')
  const type = colon < 0 ? text.slice(0, 1) : text.slice(0, colon)
  if (!isMriType(type)) return fault('type', 0, `the type is one of ${types.join(', ')}`)
  if (colon < 0) return fault('type', 1, "a ':' is missing behind the type")
  const slash = text.indexOf('/', colon)
  if (slash < 0) return fault('namespace', colon + 1, "a '/' is missing behind the namespace")
  const namespace = text.slice(colon + 1, slash)
  if (!isUseCaseId(namespace)) return fault('namespace', colon + 1, `the namespace is one of ${useCaseIds.join(', ')}`)
  // A name has no '@'; from the last one on it is the unit.
  const at = text.lastIndexOf('@')
  if (at < slash) return fault('unit', text.length, "'@' and a unit are missing behind the name")
  const name = text.slice(slash + 1, at)
  const nameWhy = nameFault(namespace, name)
  if (nameWhy !== null) return fault('name', slash + 1, nameWhy)
  const unit = text.slice(at + 1)
  const unitWhy = unitFault(unit)
  if (unitWhy !== null) return fault('unit', at + 1, unitWhy)
  return { mri: { type, namespace, name, unit } }
}

/** Errors: `BadMri`, when a part is none. */
export function formatMri({ type, namespace, name, unit }: Mri): string {
  const text = `${type}:${namespace}/${name}@${unit}`
  parseMri(text)
  return text
}
