/**
 * Kernel of remote write 1, compiled to WebAssembly (`node scripts/build-kernels.mjs`): snappy block → `prometheus.WriteRequest` → columns.
 * It knows only the plain case, a series of labels followed by float samples, and says of everything else where it lies, for the
 * TypeScript decoder to read. No state but the control block; no allocation; memory is laid out by the caller (`kernel.ts`).
 *
 * Sketch: 250 bytes a sample unpacked, 23 packed; target 0.2 CPU s a million samples, unpacking, walking and hashing included.
 */

import { keyedHash } from './lib/keyed-hash'
import { storedDouble } from './lib/sample-value'

/** Control block, bytes from 0; the secrets of `keyed-hash.ts` lie in it too. In: */
const timeMinAt: usize = 0 // f64: earlier samples are left to the caller
const timeMaxAt: usize = 8 // f64
const tenantAt: usize = 80 // u64: keeps tenants apart
/** Out: */
const rowsAt: usize = 88 // u32
const samplesAt: usize = 92 // u32

/** A row of what was found: four words of hash, start and end of the labels, samples so far, kind. For kind `other`: start and end of the fields. */
const rowBytes: u32 = 32
const kindSeries: u32 = 0
const kindOther: u32 = 1

/**
 * Unpacks the elements in `[from, end)` to `[to, toEnd)`; both need 64 bytes of slack behind them. Format: google/snappy format_description.txt.
 * True when they fill it exactly.
 */
export function unsnappy(from: usize, end: usize, to: usize, toEnd: usize): bool {
  const start = to
  while (from < end) {
    const tag = load<u8>(from) as usize
    from += 1
    let length: usize = 0
    let distance: usize = 0
    switch (tag & 3) {
      case 0: {
        length = tag >> 2
        if (length >= 60) {
          const extra = length - 59
          length = (load<u32>(from) & (0xffffffff >>> (32 - 8 * (extra as u32)))) as usize
          from += extra
        }
        length += 1
        if (from > end || length > end - from || length == 0 || length > toEnd - to) return false
        if (length <= 64) copy16(to, from, length)
        else memory.copy(to, from, length)
        from += length
        to += length
        continue
      }
      case 1:
        length = ((tag >> 2) & 7) + 4
        distance = ((tag >> 5) << 8) | (load<u8>(from) as usize)
        from += 1
        break
      case 2:
        length = (tag >> 2) + 1
        distance = load<u16>(from) as usize
        from += 2
        break
      default:
        length = (tag >> 2) + 1
        distance = load<u32>(from) as usize
        from += 4
    }
    if (from > end || distance == 0 || distance > to - start || length > toEnd - to) return false
    if (distance >= 16) copy16(to, to - distance, length)
    else for (let i: usize = 0; i < length; i++) store<u8>(to + i, load<u8>(to - distance + i))
    to += length
  }
  return to == toEnd
}

/** Copies at least `length` bytes, 16 at a time; forward, so that a copy may repeat what it has just written 16 or more bytes before. */
function copy16(to: usize, from: usize, length: usize): void {
  for (let i: usize = 0; i < length; i += 16) v128.store(to + i, v128.load(from + i))
}

/**
 * Walks the request in `[from, end)` into rows and samples (times, then values). Stops before a row or a sample would exceed its bound;
 * gives where it stopped. What a row needs of samples is known before any is written, so that a stop leaves nothing half done.
 */
export function walk(from: usize, end: usize, rows: usize, rowsMax: u32, times: usize, values: usize, samplesMax: u32): usize {
  let rowCount: u32 = 0
  let samples: u32 = 0
  let at = from
  while (at < end && rowCount < rowsMax) {
    const row: usize = rows + rowCount * rowBytes
    const body = bodyOf(at, end)
    const bodyEnd: usize = body + lengthBefore(at)
    // A field the kernel cannot even step over: the rest of the request is the caller's, who finds the words for it.
    if (body == 0 || bodyEnd > end || bodyEnd < body) {
      other(row, at, end, samples)
      rowCount++
      at = end
      break
    }
    const labelsEnd = passLabels(body, bodyEnd)
    const found =
      labelsEnd == 0 ? -1 : readSamples(labelsEnd, bodyEnd, times + (samples << 3), values + (samples << 3), samplesMax - samples)
    if (found == -2) {
      if (samples > 0) break
      other(row, at, bodyEnd, samples)
    } else if (found < 0) {
      other(row, at, bodyEnd, samples)
    } else {
      samples += found
      keyedHash(body, labelsEnd, load<u64>(tenantAt), 0, row)
      store<u32>(row, body as u32, 16)
      store<u32>(row, labelsEnd as u32, 20)
      store<u32>(row, samples, 24)
      store<u32>(row, kindSeries, 28)
    }
    rowCount++
    at = bodyEnd
  }
  store<u32>(rowsAt, rowCount)
  store<u32>(samplesAt, samples)
  return at
}

function other(row: usize, from: usize, end: usize, samples: u32): void {
  store<u32>(row, from as u32, 16)
  store<u32>(row, end as u32, 20)
  store<u32>(row, samples, 24)
  store<u32>(row, kindOther, 28)
}

/** Where the message of field 1 at `at` begins; 0 when there is another field or its length takes more than three bytes. */
function bodyOf(at: usize, end: usize): usize {
  if (at + 4 > end || load<u8>(at) != 10) return 0
  if (load<u8>(at, 1) < 128) return at + 2
  if (load<u8>(at, 2) < 128) return at + 3
  return load<u8>(at, 3) < 128 ? at + 4 : 0
}

/** The length that the field at `at` promises, at most three bytes of varint. */
function lengthBefore(at: usize): usize {
  const first = load<u8>(at, 1) as usize
  if (first < 128) return first
  const second = load<u8>(at, 2) as usize
  if (second < 128) return (first & 127) | (second << 7)
  return (first & 127) | ((second & 127) << 7) | ((load<u8>(at, 3) as usize) << 14)
}

/** The end of the label fields at `at`; 0 when they are cut off or longer than two bytes of varint say. */
function passLabels(at: usize, end: usize): usize {
  while (at + 1 < end && load<u8>(at) == 10) {
    let length = load<u8>(at, 1) as usize
    at += 2
    if (length >= 128) {
      const second = load<u8>(at) as usize
      if (second >= 128) return 0
      length = (length & 127) | (second << 7)
      at += 1
    }
    at += length
  }
  return at <= end ? at : 0
}

/**
 * Reads the samples in `[at, end)`. Gives how many; -1 when there is something else, a sample in an unusual form or outside the
 * accepted times; -2 when there are more than `samplesMax`.
 */
function readSamples(at: usize, end: usize, times: usize, values: usize, samplesMax: u32): i32 {
  const timeMin = load<f64>(timeMinAt)
  const timeMax = load<f64>(timeMaxAt)
  let count: u32 = 0
  while (at < end) {
    if (at + 2 > end || load<u8>(at) != 18) return -1
    const stop = at + 2 + (load<u8>(at, 1) as usize)
    if (stop > end || load<u8>(at, 1) >= 128) return -1
    if (count == samplesMax) return -2
    at += 2
    let value: f64 = 0
    if (at + 9 <= stop && load<u8>(at) == 9) {
      value = storedDouble(at + 1)
      at += 9
    }
    let time: u64 = 0
    if (at < stop && load<u8>(at) == 16) {
      at += 1
      let shift: u64 = 0
      let byte: u64 = 128
      while (byte >= 128 && at < stop && shift < 70) {
        byte = load<u8>(at) as u64
        time |= (byte & 127) << shift
        shift += 7
        at += 1
      }
      if (byte >= 128) return -1
    }
    const timeMs = time as i64 as f64
    if (at != stop || !(timeMs >= timeMin && timeMs <= timeMax)) return -1
    store<f64>(times + (count << 3), timeMs)
    store<f64>(values + (count << 3), value)
    count++
  }
  return count
}
