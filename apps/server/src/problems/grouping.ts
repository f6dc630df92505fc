/**
 * Which errors are the same problem. In this order: the sender's own fingerprint; types and the program's own frames of the chain; types
 * and all frames where none is the program's own; type and message with what varies masked. Line numbers never count, because they move.
 */
import { createHash } from 'node:crypto'
import { isInApp } from './in-app.ts'
import type { ErrorFacts, Frame, Thrown } from './model.ts'
import { maskVariables, stableFile, stableFunction } from './normalized-text.ts'

/** Frames that count, the innermost first: deep recursion must not make one problem many. */
const framesCountedMax = 30
const titleCharsMax = 300

export interface Grouping {
  /** 16 hexadecimal digits, never all zeros. */
  readonly id: string
  readonly type: string
  readonly title: string
  readonly place: string
}

export function groupError(facts: ErrorFacts): Grouping {
  const [first] = facts.chain
  const type = first?.type ?? ''
  return { id: hashed(partsOf(facts)), type, title: titleOf(facts), place: placeOf(facts) }
}

function partsOf(facts: ErrorFacts): string[] {
  if (facts.fingerprint.length === 0) return defaultParts(facts)
  return facts.fingerprint.flatMap((part) => (/^\{\{ ?default ?\}\}$/.test(part) ? defaultParts(facts) : [`own:${expanded(part, facts)}`]))
}

/** `{{ transaction }}`, `{{ error.type }}`, `{{ error.value }}`, `{{ message }}` stand for what they name. */
function expanded(part: string, { chain, message, operation }: ErrorFacts): string {
  const values: Readonly<Record<string, string>> = {
    transaction: operation,
    'error.type': chain[0]?.type ?? '',
    type: chain[0]?.type ?? '',
    'error.value': chain[0]?.message ?? '',
    message,
  }
  return part.replace(/\{\{ ?([\w.]{1,40}) ?\}\}/g, (whole, name: string) => values[name] ?? whole)
}

function defaultParts({ chain, message }: ErrorFacts): string[] {
  if (chain.length === 0) return ['message', maskVariables(message)]
  const parts: string[] = []
  for (const thrown of chain) {
    const frames = countedFrames(thrown)
    const texts = framesOnce(frames)
    parts.push(`type:${thrown.type}`)
    if (frames.length > 0 && !frames.every(isMinified)) parts.push(...texts)
    else parts.push(`message:${maskVariables(thrown.message)}`)
  }
  return parts
}

/** Names of one or two letters in a script of a page: the next build has others, so they say nothing. */
function isMinified({ function: name, file }: Frame): boolean {
  return /^(?:https?|app):.*\.[cm]?js(?:[?#].*)?$/.test(file) && stableFunction(name).replace(/^.*\./, '').length <= 2
}

/** The program's own frames, or all when there are none. */
function countedFrames({ frames }: Thrown): readonly Frame[] {
  const own = frames.filter(isInApp)
  return own.length > 0 ? own : frames
}

/** A run of the same frame counts once. */
function framesOnce(frames: readonly Frame[]): string[] {
  const texts: string[] = []
  for (const frame of frames) {
    if (texts.length >= framesCountedMax) break
    const text = frameText(frame)
    if (text !== texts.at(-1)) texts.push(text)
  }
  return texts
}

function frameText({ function: name, module, file }: Frame): string {
  const place = file === '' || module.includes('.') ? module : stableFile(file)
  return `${stableFunction(name)}@${place}`
}

/** `TypeError: x is not a function`; of a message its first line. */
export function titleOf({ chain, message }: Pick<ErrorFacts, 'chain' | 'message'>): string {
  const [first] = chain
  const text =
    first === undefined
      ? message
      : first.type === '' || first.message === ''
        ? `${first.type}${first.message}`
        : `${first.type}: ${first.message}`
  const [line = ''] = text.trim().split('\n', 1)
  return line === '' ? '(no message)' : line.length > titleCharsMax ? `${line.slice(0, titleCharsMax - 1)}…` : line
}

/** `total in src/cart.ts`; without a stack the operation. */
export function placeOf({ chain, operation }: Pick<ErrorFacts, 'chain' | 'operation'>): string {
  const frames = chain[0]?.frames ?? []
  const frame = frames.find(isInApp) ?? frames[0]
  if (frame === undefined) return operation
  const file = frame.file === '' ? frame.module : stableFile(frame.file).replace('<hash>', '…')
  const name = stableFunction(frame.function)
  return name === '<anonymous>' ? file : `${name} in ${file}`
}

function hashed(parts: readonly string[]): string {
  const hash = createHash('sha256')
  for (const part of parts) {
    hash.update(part)
    hash.update('\0')
  }
  const id = hash.digest('hex').slice(0, 16)
  return /[^0]/.test(id) ? id : '0000000000000001'
}
