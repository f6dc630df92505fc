/** OTLP attributes (repeated KeyValue) from bytes to texts. Only for resources, scopes and series not seen before. */
import { type Refusal, shown, shownBytes, textOf } from '../decode/label-text.ts'
import type { ProtocolLimits } from '../limits.ts'
import { ProtoCursor } from '../protobuf/cursor.ts'

export type Attribute = readonly [key: string, value: string]

/** An unreadable attribute ends the reading; carries the refusal. */
class AttributeProblem extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.reason)
    this.refusal = refusal
  }
}

/** Labels that a series has beside attributes: its name, `job`, `instance` and the like. */
const ownLabels = 8

export class AttributeReader {
  readonly #limits: ProtocolLimits
  readonly #cursor = new ProtoCursor()
  #cutsLongTexts = false

  constructor(limits: ProtocolLimits) {
    this.#limits = limits
  }

  /**
   * The attributes among the fields in `bytes[start, end)`: those whose tag is `attributeTag`; other fields are passed over.
   * A refusal when one is not valid UTF-8, too long or too deep, or there are too many. Errors: `DecodeError`.
   */
  read(bytes: Uint8Array, start: number, end: number, attributeTag: number): Attribute[] | Refusal {
    const cursor = this.#cursor
    cursor.reset(bytes)
    cursor.pos = start
    cursor.end = end
    const attributes: Attribute[] = []
    try {
      while (cursor.pos < cursor.end) {
        const tag = cursor.readTag()
        if (tag !== attributeTag) {
          cursor.skip(tag)
          continue
        }
        const attribute = this.#keyValue()
        if (attribute[0] !== '') attributes.push(attribute)
        if (attributes.length > this.#limits.labelsPerSeriesMax) {
          return { reason: 'too_many_labels', example: `more than ${this.#limits.labelsPerSeriesMax} attributes` }
        }
      }
      return attributes
    } catch (error) {
      if (error instanceof AttributeProblem) return error.refusal
      throw error
    } finally {
      cursor.release()
    }
  }

  /**
   * As `read`, for resources and scopes, where one odd attribute must not cost all their points: texts that are too long are cut,
   * attributes that cannot be read are left out, and so are those beyond `attributesMax`. Errors: `DecodeError`.
   */
  readWhatFits(bytes: Uint8Array, start: number, end: number, attributeTag: number): Attribute[] {
    const attributesMax = this.#limits.labelsPerSeriesMax - ownLabels
    const cursor = this.#cursor
    cursor.reset(bytes)
    cursor.pos = start
    cursor.end = end
    this.#cutsLongTexts = true
    const attributes: Attribute[] = []
    try {
      while (cursor.pos < end && attributes.length < attributesMax) {
        const tag = cursor.readTag()
        const from = cursor.pos
        cursor.skip(tag)
        if (tag !== attributeTag) continue
        const next = cursor.pos
        cursor.pos = from
        const attribute = this.#keyValueOrNull()
        if (attribute !== null && attribute[0] !== '') attributes.push(attribute)
        cursor.pos = next
        cursor.end = end
      }
      return attributes
    } finally {
      this.#cutsLongTexts = false
      cursor.release()
    }
  }

  /** The value of the KeyValue that is `bytes[start, end)`; null when it cannot be read or is too deep. Errors: `DecodeError`. */
  memberThatFits(bytes: Uint8Array, start: number, end: number): string | null {
    return this.#thatFits(bytes, start, end, () => this.#keyValueBetween())
  }

  /** The AnyValue that is `bytes[start, end)`; null when it cannot be read or is too deep. Errors: `DecodeError`. */
  valueThatFits(bytes: Uint8Array, start: number, end: number): string | null {
    return this.#thatFits(bytes, start, end, () => this.#anyValueBetween(0))
  }

  // oxlint-disable-next-line max-params -- a range and what reads it
  #thatFits(bytes: Uint8Array, start: number, end: number, read: () => string): string | null {
    const cursor = this.#cursor
    cursor.reset(bytes)
    cursor.pos = start
    cursor.end = end
    this.#cutsLongTexts = true
    try {
      return read()
    } catch (error) {
      if (error instanceof AttributeProblem) return null
      throw error
    } finally {
      this.#cutsLongTexts = false
      cursor.release()
    }
  }

  #keyValueBetween(): string {
    const cursor = this.#cursor
    let value = ''
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 18) value = this.#anyValue(0)
      else cursor.skip(tag)
    }
    return value
  }

  #keyValueOrNull(): Attribute | null {
    try {
      return this.#keyValue()
    } catch (error) {
      if (error instanceof AttributeProblem) return null
      throw error
    }
  }

  #keyValue(): Attribute {
    const cursor = this.#cursor
    const outer = cursor.enter()
    let key = ''
    let value = ''
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 10) key = this.#text(this.#limits.labelNameBytesMax, 'label_name_too_long')
      else if (tag === 18) value = this.#anyValue(0)
      else cursor.skip(tag)
    }
    cursor.leave(outer)
    if (value.length > this.#limits.labelValueBytesMax)
      throw problem('label_value_too_long', `the value of attribute ${shown(key)} is too long`)
    return [key, value]
  }

  /** AnyValue as a label value: a string as it is, others as JSON without quotes; bytes as base64. */
  #anyValue(depth: number): string {
    const outer = this.#cursor.enter()
    const text = this.#anyValueBetween(depth)
    this.#cursor.leave(outer)
    return text
  }

  #anyValueBetween(depth: number): string {
    const cursor = this.#cursor
    let text = ''
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 10) text = this.#text(this.#limits.labelValueBytesMax, 'label_value_too_long')
      else text = this.#otherValue(tag, depth, false) ?? text
    }
    return text
  }

  /** AnyValue inside an array or map: JSON. */
  #anyJson(depth: number): string {
    if (depth > this.#limits.attributeDepthMax) throw problem('attribute_too_deep', 'an attribute value is nested too deeply')
    const cursor = this.#cursor
    const outer = cursor.enter()
    let json = 'null'
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 10) json = JSON.stringify(this.#text(this.#limits.labelValueBytesMax, 'label_value_too_long'))
      else json = this.#otherValue(tag, depth, true) ?? json
    }
    cursor.leave(outer)
    return json
  }

  /** Null for an unknown field. */
  #otherValue(tag: number, depth: number, quoted: boolean): string | null {
    const cursor = this.#cursor
    switch (tag) {
      case 16: // 2 bool
        return cursor.readVarint() === 0 ? 'false' : 'true'
      case 24: // 3 int
        return this.#integer()
      case 33: // 4 double
        return doubleText(cursor.readDouble(), quoted)
      case 42: // 5 array
        return this.#list(
          depth,
          (parts) => `[${parts.join(',')}]`,
          () => this.#anyJson(depth + 1),
        )
      case 50: // 6 key-value list
        return this.#list(
          depth,
          (parts) => `{${parts.join(',')}}`,
          () => this.#member(depth + 1),
        )
      case 58: {
        // 7 bytes
        const length = cursor.readLength()
        if (length > this.#limits.labelValueBytesMax) throw problem('label_value_too_long', 'an attribute value is too long')
        const start = cursor.pos
        cursor.pos += length
        const base64 = Buffer.from(cursor.bytes.buffer, cursor.bytes.byteOffset + start, length).toString('base64')
        return quoted ? JSON.stringify(base64) : base64
      }
      default:
        cursor.skip(tag)
        return null
    }
  }

  #list(depth: number, join: (parts: string[]) => string, part: () => string): string {
    if (depth >= this.#limits.attributeDepthMax) throw problem('attribute_too_deep', 'an attribute value is nested too deeply')
    const cursor = this.#cursor
    const outer = cursor.enter()
    if (cursor.end - cursor.pos > this.#limits.labelValueBytesMax) throw problem('label_value_too_long', 'an attribute value is too long')
    const parts: string[] = []
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 10) parts.push(part())
      else cursor.skip(tag)
    }
    cursor.leave(outer)
    return join(parts)
  }

  #member(depth: number): string {
    const cursor = this.#cursor
    const outer = cursor.enter()
    let key = '""'
    let json = 'null'
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 10) key = JSON.stringify(this.#text(this.#limits.labelValueBytesMax, 'label_value_too_long'))
      else if (tag === 18) json = this.#anyJson(depth)
      else cursor.skip(tag)
    }
    cursor.leave(outer)
    return `${key}:${json}`
  }

  /** int64 with all its digits. */
  #integer(): string {
    const cursor = this.#cursor
    const from = cursor.pos
    const value = cursor.readInt64()
    if (Number.isSafeInteger(value)) return String(value)
    let exact = 0n
    for (let at = cursor.pos - 1; at >= from; at--) exact = (exact << 7n) | BigInt((cursor.bytes[at] ?? 0) & 127)
    return BigInt.asIntN(64, exact).toString()
  }

  #text(bytesMax: number, reason: string): string {
    const cursor = this.#cursor
    const length = cursor.readLength()
    const start = cursor.pos
    const end = start + length
    cursor.pos = end
    const cut = this.#cutsLongTexts && reason === 'label_value_too_long'
    if (length > bytesMax && !cut)
      throw problem(reason, `attribute text ${shownBytes(cursor.bytes, start, end)} is longer than ${bytesMax} bytes`)
    const text = textOf(cursor.bytes, start, length > bytesMax ? characterEnd(cursor.bytes, start + bytesMax) : end)
    if (text === null) throw problem('invalid_utf8', 'an attribute is not valid UTF-8')
    return text
  }
}

/** The last end of a UTF-8 character at or before `at`. */
function characterEnd(bytes: Uint8Array, at: number): number {
  let end = at
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return end
}

function problem(reason: string, example: string): AttributeProblem {
  return new AttributeProblem({ reason, example })
}

function doubleText(value: number, quoted: boolean): string {
  if (Number.isFinite(value)) return String(value)
  const text = value > 0 ? '+Inf' : value < 0 ? '-Inf' : 'NaN'
  return quoted ? JSON.stringify(text) : text
}
