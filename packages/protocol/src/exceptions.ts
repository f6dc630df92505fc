/**
 * Names of attributes by which a log record says that something was thrown: those of OpenTelemetry's conventions, and those of the loggers
 * people use. The one list for what becomes a problem and for the stack of a row.
 */

interface ExceptionShape {
  /** Of each the first that has a value counts. */
  readonly type: readonly string[]
  readonly message: readonly string[]
  readonly stack: readonly string[]
}

const conventional: ExceptionShape = { type: ['exception.type'], message: ['exception.message'], stack: ['exception.stacktrace'] }

const ofLoggers: readonly ExceptionShape[] = [
  // pino, bunyan
  { type: ['err.type', 'err.name'], message: ['err.message'], stack: ['err.stack'] },
  // Elastic's common schema, winston, Datadog
  { type: ['error.type', 'error.kind', 'error.name'], message: ['error.message'], stack: ['error.stack_trace', 'error.stack'] },
  // log4j
  { type: ['thrown.name'], message: ['thrown.message'], stack: ['thrown.extendedStackTrace', 'thrown.stackTrace'] },
  // winston, logback, Serilog, Python: a text that begins with type and message.
  { type: [], message: [], stack: ['stack', 'stack_trace', 'stacktrace', 'exception', 'Exception', 'exc_info'] },
]

/** What the attributes of a row say of an exception; each may be ''. */
export interface TextException {
  readonly type: string
  readonly message: string
  readonly stack: string
  /** The attribute that has the stack; ''. */
  readonly stackName: string
}

/** Any of these makes a row an exception. */
export const conventionalNames: readonly string[] = namesOf(conventional)
/** Rows with one of these are looked at: it may be an exception. */
export const loggerNames: readonly string[] = ofLoggers.flatMap(({ type, stack }) => [...type, ...stack])
/** In the order in which they count. */
export const exceptionTypeNames: readonly string[] = [conventional, ...ofLoggers].flatMap(({ type }) => type)
export const exceptionMessageNames: readonly string[] = [conventional, ...ofLoggers].flatMap(({ message }) => message)

/** Null: they say of none. `attribute`: its value, or ''. Of names that mean other things too, a stack has several lines, or type and message stand together. */
export function exceptionIn(attribute: (name: string) => string): TextException | null {
  const own = read(conventional, attribute)
  if (own.type !== '' || own.message !== '' || own.stack !== '') return own
  for (const shape of ofLoggers) {
    const found = read(shape, attribute)
    if (found.stack.includes('\n')) return found
    if (found.type !== '' && found.message !== '') return { ...found, stack: '', stackName: '' }
  }
  return null
}

/** The first of these attributes that has a value; ''. */
export function firstValue(names: readonly string[], attribute: (name: string) => string): string {
  const name = names.find((each) => attribute(each) !== '')
  return name === undefined ? '' : attribute(name)
}

function read({ type, message, stack }: ExceptionShape, attribute: (name: string) => string): TextException {
  const stackName = stack.find((name) => attribute(name) !== '') ?? ''
  return {
    type: firstValue(type, attribute),
    message: firstValue(message, attribute),
    stack: stackName === '' ? '' : attribute(stackName),
    stackName,
  }
}

function namesOf({ type, message, stack }: ExceptionShape): readonly string[] {
  return [...type, ...message, ...stack]
}
