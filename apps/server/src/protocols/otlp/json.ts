/**
 * OTLP/JSON to OTLP protobuf, so that both run through one decoder. The proto3 JSON mapping with OTLP's exceptions: field names in
 * lowerCamelCase or snake_case, 64-bit integers as strings or numbers, enums as numbers or names, trace and span ids in hexadecimal.
 * Unknown fields are passed over. What does not fit is `body.malformed`, naming the path.
 */
import type { Steps } from '../../kernel/steps.ts'
import { isUtf8 } from 'node:buffer'
import { AppError } from '../../kernel/errors.ts'
import { bodyMalformed, bodyTooLarge } from '../errors.ts'
import { ProtoWriter } from '../protobuf/writer.ts'
import { type Message, exportMetricsRequest } from './json-schema.ts'

type JsonObject = Readonly<Record<string, unknown>>

/** `request`: the message that the body is. Errors: `body.malformed`, `body.too_large` for more than `objectsMax` objects and arrays. */
export function otlpJsonToProtobuf(body: Uint8Array, objectsMax: number, request: Message = exportMetricsRequest): Buffer {
  const parsed = parsedBody(body, objectsMax)
  const writer = new ProtoWriter(body.byteLength + 64)
  const trail = new Trail()
  writeMessage(writer, objectOf(parsed, trail), request, trail)
  return writer.finish()
}

/** Lists within lists of a request of logs or traces: resources, scopes, records. */
const listLevels = 3
/** Items of such lists, of all levels and lists together, between two steps. */
const itemsPerStep = 256

/** The same in steps; the first of them, which makes objects of the text, is the longest. */
export function* otlpJsonInSteps(body: Uint8Array, objectsMax: number, request: Message): Steps<Buffer> {
  const parsed = parsedBody(body, objectsMax)
  yield
  const writer = new ProtoWriter(body.byteLength + 64)
  const trail = new Trail()
  yield* writeInSteps({ writer, trail, levels: listLevels, counter: { items: 0 } }, objectOf(parsed, trail), request)
  return writer.finish()
}

interface Target {
  readonly writer: ProtoWriter
  readonly trail: Trail
  /** Levels of lists from here on that are written in steps. */
  readonly levels: number
  readonly counter: { items: number }
}

function* writeInSteps(target: Target, json: JsonObject, message: Message): Steps {
  const { writer, trail, levels, counter } = target
  for (const field of message.fields) {
    const value = json[field.name] ?? json[field.snakeName]
    const { type } = field
    if (!field.repeated || typeof type !== 'function' || !Array.isArray(value)) {
      writeField(writer, field, value, trail)
      continue
    }
    const items: readonly unknown[] = value
    const inner = { ...target, levels: levels - 1 }
    trail.enter(field.name)
    for (let index = 0; index < items.length; index++) {
      trail.item(index)
      if (levels === 1) writeValue(writer, field, items[index], trail)
      else {
        const from = writer.open(field.number)
        yield* writeInSteps(inner, objectOf(items[index], trail), type())
        writer.close(from)
      }
      if (++counter.items % itemsPerStep === 0) yield
    }
    trail.leave()
  }
}

function parsedBody(body: Uint8Array, objectsMax: number): unknown {
  if (!isUtf8(body)) throw problem(null, 'it is not valid UTF-8')
  refuseObjects(body, objectsMax)
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message.slice(0, 120) : ''
    throw new AppError(bodyMalformed, { publicText: `The request body is not JSON: ${detail}`, cause })
  }
}

/** Counts opening brackets before anything is made of them; those within texts count too, which no body of that size minds. */
function refuseObjects(body: Uint8Array, objectsMax: number): void {
  let count = 0
  for (let at = 0; at < body.byteLength; at++) {
    const byte = body[at]
    if ((byte === 0x7b || byte === 0x5b) && ++count > objectsMax)
      throw new AppError(bodyTooLarge, { publicText: `The JSON body has more than ${objectsMax} objects and arrays.` })
  }
}

/** Messages within messages. Attributes too deep to store are refused one by one by the decoder; this only protects the stack. */
const depthMax = 128

/** Where in the body we are, for the error that may never come: putting it into words for every value would cost more than writing them. */
class Trail {
  readonly names: string[] = []
  /** The item of each name that is a list, else -1. */
  readonly items: number[] = []

  enter(name: string): void {
    this.names.push(name)
    this.items.push(-1)
  }

  item(index: number): void {
    this.items[this.items.length - 1] = index
  }

  leave(): void {
    this.names.pop()
    this.items.pop()
  }

  toString(): string {
    return this.names.map((name, index) => ((this.items[index] ?? -1) < 0 ? name : `${name}[${this.items[index]}]`)).join('.')
  }
}

function writeMessage(writer: ProtoWriter, json: JsonObject, message: Message, trail: Trail): void {
  if (trail.names.length > depthMax) throw problem(trail, 'it is nested too deeply')
  for (const field of message.fields) writeField(writer, field, json[field.name] ?? json[field.snakeName], trail)
}

// oxlint-disable-next-line max-params -- called for every field
function writeField(writer: ProtoWriter, field: Field, value: unknown, trail: Trail): void {
  if (value === undefined || value === null) return
  trail.enter(field.name)
  if (field.repeated) writeList(writer, field, value, trail)
  else writeValue(writer, field, value, trail)
  trail.leave()
}

type Field = Message['fields'][number]

// oxlint-disable-next-line max-params -- called for every list
function writeList(writer: ProtoWriter, field: Field, value: unknown, trail: Trail): void {
  if (!Array.isArray(value)) throw problem(trail, 'it is not an array')
  const items: readonly unknown[] = value
  if (!field.packed) {
    for (let index = 0; index < items.length; index++) {
      trail.item(index)
      writeValue(writer, field, items[index], trail)
    }
    return
  }
  writer.messageField(field.number, (inner) => {
    for (let index = 0; index < items.length; index++) {
      trail.item(index)
      writeScalar(inner, field.type, items[index], trail)
    }
  })
}

// oxlint-disable-next-line max-params -- called for every value
function writeValue(writer: ProtoWriter, field: Field, value: unknown, trail: Trail): void {
  const type = field.type
  if (typeof type === 'function') {
    const json = objectOf(value, trail)
    writer.messageField(field.number, (inner) => writeMessage(inner, json, type(), trail))
    return
  }
  switch (type) {
    case 'string':
      if (typeof value !== 'string') throw problem(trail, 'it is not a string')
      writer.stringField(field.number, value)
      return
    case 'base64':
    case 'hex':
      writer.bytesField(field.number, bytesOf(value, type, trail))
      return
    default:
      writer.tag(field.number, type === 'double' || type === 'fixed64' || type === 'sfixed64' ? 1 : 0)
      writeScalar(writer, type, value, trail)
  }
}

function writeScalar(writer: ProtoWriter, type: Field['type'], value: unknown, trail: Trail): void {
  if (type === 'double') writer.double(doubleOf(value, trail))
  else if (type === 'fixed64' || type === 'sfixed64') writer.fixed64(integerOf(value, trail))
  else if (type === 'int64' || type === 'uint64') writer.varint64(integerOf(value, trail))
  else if (type === 'sint32') writer.zigzag(int32Of(value, trail))
  else if (type === 'bool') {
    if (typeof value !== 'boolean') throw problem(trail, 'it is not true or false')
    writer.varint(value ? 1 : 0)
  } else if (type === 'temporality' || type === 'span_kind' || type === 'status_code' || type === 'severity')
    writer.varint(enumOf(value, type, trail))
}

function objectOf(value: unknown, trail: Trail): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw problem(trail, 'it is not an object')
  return value as JsonObject
}

function doubleOf(value: unknown, trail: Trail): number {
  if (typeof value === 'number') return value
  if (value === 'NaN') return NaN
  if (value === 'Infinity') return Infinity
  if (value === '-Infinity') return -Infinity
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value)
  throw problem(trail, 'it is not a number')
}

function integerOf(value: unknown, trail: Trail): bigint {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value)
  throw problem(trail, 'it is not a whole number')
}

function int32Of(value: unknown, trail: Trail): number {
  const integer = integerOf(value, trail)
  if (BigInt.asIntN(32, integer) !== integer) throw problem(trail, 'it is not a 32-bit number')
  return Number(integer)
}

/** Names of enums without what all of them begin with, in the order of their numbers. */
const enums = {
  temporality: { prefix: 'AGGREGATION_TEMPORALITY_', names: ['UNSPECIFIED', 'DELTA', 'CUMULATIVE'], title: 'an aggregation temporality' },
  span_kind: { prefix: 'SPAN_KIND_', names: ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'], title: 'a span kind' },
  severity: {
    prefix: 'SEVERITY_NUMBER_',
    names: [
      'UNSPECIFIED',
      ...['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap((name) => [name, `${name}2`, `${name}3`, `${name}4`]),
    ],
    title: 'a severity',
  },
  status_code: { prefix: 'STATUS_CODE_', names: ['UNSET', 'OK', 'ERROR'], title: 'a status code' },
} as const

function enumOf(value: unknown, type: keyof typeof enums, trail: Trail): number {
  if (typeof value === 'number' && value >= 0 && value < 128 && Number.isInteger(value)) return value
  const { prefix, names, title } = enums[type]
  const number = typeof value === 'string' ? names.findIndex((name) => value === prefix + name) : -1
  if (number === -1) throw problem(trail, `it is not ${title}`)
  return number
}

function bytesOf(value: unknown, encoding: 'base64' | 'hex', trail: Trail): Buffer {
  if (typeof value !== 'string') throw problem(trail, 'it is not a string')
  if (encoding === 'hex' && !/^(?:[0-9a-fA-F]{2})*$/.test(value)) throw problem(trail, 'it is not hexadecimal')
  return Buffer.from(value, encoding)
}

/** `trail` null: the body as a whole. */
function problem(trail: Trail | null, what: string): AppError {
  const path = trail === null ? '' : String(trail).slice(0, 200)
  return new AppError(bodyMalformed, {
    publicText: `The request body cannot be read: ${path === '' ? 'The request body' : path}: ${what}.`,
  })
}
