/** What a row of logs says of an error, from its attributes: the same for the stage that groups, the counts, and the screens. */
import { conventionalNames, exceptionIn, loggerNames } from '@bellwether/protocol'
import { errorAttributes, type ErrorFacts, type Frame, type Thrown } from './model.ts'
import { parseStackText } from './stack-text.ts'
import { thrownInText } from './thrown-text.ts'

/** The value of an attribute; '' when the row has none. */
export type AttributeOf = (name: string) => string

/** Names whose presence makes a row an error; those of loggers only where `isThrownByLogger` says so too. */
export const errorMarks: ReadonlySet<string> = new Set([...conventionalNames, errorAttributes.chain])
export const loggerMarks: ReadonlySet<string> = new Set(loggerNames)

/** Without a stack only errors are exceptions: `error.type` is on other rows too. */
export function isThrownByLogger(attribute: AttributeOf, isError: boolean): boolean {
  const found = exceptionIn(attribute)
  return found !== null && (isError || found.stack !== '')
}

export function errorFactsOf(attribute: AttributeOf, body: string): ErrorFacts {
  const template = attribute(errorAttributes.template)
  return {
    chain: chainOf(attribute, body),
    message: template === '' ? body : template,
    operation: attribute(errorAttributes.operation),
    fingerprint: textsOfJson(attribute(errorAttributes.fingerprint)),
  }
}

/** The chain as it was kept, or what the text of the stack says, or without either that of the body; empty without an error. */
export function chainOf(attribute: AttributeOf, body: string): readonly Thrown[] {
  const kept = attribute(errorAttributes.chain)
  if (kept !== '') {
    const chain = readChain(kept)
    // A message with a stack is no error: its type is empty.
    if (chain !== null) return chain.length === 1 && chain[0]?.type === '' && chain[0].mechanism === 'message' ? [] : chain
  }
  const told = exceptionIn(attribute)
  if (told !== null) {
    const { type, message, stack, stackName } = told
    if (type !== '' || conventionalNames.includes(stackName) || stack === '') return parseStackText(stack, { type, message })
    const chain = thrownInText(stack)
    if (chain.length > 0) return chain
  }
  // A message of Sentry's says what it is.
  return kept === '' && attribute(errorAttributes.eventId) === '' ? thrownInText(body) : []
}

/** Null where it is no chain; made of it whatever its parts are. */
export function readChain(text: string): Thrown[] | null {
  const value = jsonOf(text)
  if (!Array.isArray(value)) return null
  return value.filter(isRecord).map((thrown) => ({
    type: textOf(thrown['type']),
    message: textOf(thrown['message']),
    mechanism: textOf(thrown['mechanism']),
    isHandled: typeof thrown['isHandled'] === 'boolean' ? thrown['isHandled'] : null,
    frames: (Array.isArray(thrown['frames']) ? thrown['frames'] : []).filter(isRecord).map(readFrame),
  }))
}

function readFrame(frame: Readonly<Record<string, unknown>>): Frame {
  const lines = (value: unknown): string[] => (Array.isArray(value) ? value.map(textOf) : [])
  return {
    function: textOf(frame['function']),
    module: textOf(frame['module']),
    file: textOf(frame['file']),
    line: numberOf(frame['line']),
    column: numberOf(frame['column']),
    isInApp: typeof frame['isInApp'] === 'boolean' ? frame['isInApp'] : null,
    before: lines(frame['before']),
    source: textOf(frame['source']),
    after: lines(frame['after']),
  }
}

export function textsOfJson(text: string): string[] {
  if (text === '') return []
  const value = jsonOf(text)
  return Array.isArray(value) ? value.filter((part): part is string => typeof part === 'string') : []
}

/** Undefined where it is no JSON. */
export function jsonOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}
