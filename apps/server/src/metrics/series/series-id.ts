/**
 * Series ids: the first 8 bytes of SHA-256 over tenant and sorted labels, so that two programs give one series one id
 * without talking. Kept as two 32-bit halves; never a BigInt. Byte layout: docs/formats/series-id.md.
 */
import { hash } from 'node:crypto'
import type { Tenant } from '../../kernel/scope.ts'
import type { Labels } from '../model.ts'

/** Up to this length a loop beats the call into the encoder. */
const shortTextMax = 40

const encoder = new TextEncoder()
let scratch = new Uint8Array(4096)
let scratchView = new DataView(scratch.buffer)

/** Little-endian halves of a series id. One object is reused by the caller; see `seriesIdOf`. */
export interface SeriesIdHalves {
  low: number
  high: number
}

function reserve(used: number, more: number): void {
  if (used + more <= scratch.length) return
  const next = new Uint8Array(Math.max(scratch.length * 2, used + more))
  next.set(scratch.subarray(0, used))
  scratch = next
  scratchView = new DataView(next.buffer)
}

/** Length-prefixed UTF-8; gives the offset behind it. Fast path: short ASCII. */
function putString(at: number, text: string): number {
  reserve(at, 4 + text.length * 3)
  if (text.length <= shortTextMax) {
    let i = 0
    for (; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) break
      scratch[at + 4 + i] = code
    }
    if (i === text.length) {
      scratchView.setUint32(at, i, true)
      return at + 4 + i
    }
  }
  const { written } = encoder.encodeInto(text, scratch.subarray(at + 4))
  scratchView.setUint32(at, written, true)
  return at + 4 + written
}

/** Writes the id of `labels` (normalized) into `out`. Cost: one SHA-256 of the label bytes, about 2 µs. */
export function seriesIdOf(tenant: Tenant, labels: Labels, out: SeriesIdHalves): void {
  reserve(0, 8)
  scratchView.setUint32(0, tenant.organizationId, true)
  scratchView.setUint32(4, tenant.projectId, true)
  let at = 8
  for (const [name, value] of labels) at = putString(putString(at, name), value)
  const digest = hash('sha256', scratch.subarray(0, at), 'buffer')
  out.low = digest.readUInt32LE(0)
  out.high = digest.readUInt32LE(4)
}

/** The `metric` column: first 4 bytes of SHA-256 of the metric's name, little-endian. Collisions only cost reading. */
export function metricHashOf(name: string): number {
  return hash('sha256', name, 'buffer').readUInt32LE(0)
}
