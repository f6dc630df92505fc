/**
 * Several parts of one body as the payload of one log record, so that they become durable together: magic, how many, and of each its size and
 * the payload that it would be alone. A body of one part is that payload itself.
 */
import { recordDamaged } from '../errors.ts'
import { AppError } from '../../kernel/errors.ts'
import { partsMagic } from './layout.ts'

const headBytes = 8
const sizeBytes = 4

/** At least one payload, each made by `encodeSignalRecord`. */
export function joinParts(payloads: readonly Uint8Array[]): Uint8Array {
  const [first] = payloads
  if (first !== undefined && payloads.length === 1) return first
  let total = headBytes
  for (const { byteLength } of payloads) total += sizeBytes + byteLength
  // No `Buffer`: its `slice` gives a view where that of other arrays gives a copy, which readers of records stand on.
  const joined = new Uint8Array(total)
  const view = new DataView(joined.buffer)
  view.setUint32(0, partsMagic, true)
  view.setUint32(4, payloads.length, true)
  let at = headBytes
  for (const payload of payloads) {
    view.setUint32(at, payload.byteLength, true)
    joined.set(payload, at + sizeBytes)
    at += sizeBytes + payload.byteLength
  }
  return joined
}

/** Views of the payload, in their order, of which none begins at any particular multiple. Throws `signals.record_damaged`. */
export function splitParts(payload: Uint8Array): Uint8Array[] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  if (payload.byteLength < headBytes || view.getUint32(0, true) !== partsMagic) return [payload]
  const count = view.getUint32(4, true)
  const parts: Uint8Array[] = []
  let at = headBytes
  for (let i = 0; i < count; i++) {
    const end = at + sizeBytes <= payload.byteLength ? at + sizeBytes + view.getUint32(at, true) : Number.POSITIVE_INFINITY
    if (end > payload.byteLength) throw new AppError(recordDamaged, { detail: `part ${i + 1} of ${count} ends behind the record` })
    parts.push(new Uint8Array(payload.buffer, payload.byteOffset + at + sizeBytes, end - at - sizeBytes))
    at = end
  }
  if (at !== payload.byteLength) throw new AppError(recordDamaged, { detail: 'there is more behind the last part' })
  return parts
}
