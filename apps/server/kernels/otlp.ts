/**
 * Kernel of OTLP metrics, compiled to WebAssembly: `ExportMetricsServiceRequest` → rows and columns. It reads gauges, cumulative sums and
 * cumulative histograms with explicit bounds, and says of everything else where it lies, for the TypeScript decoder to read. A
 * ResourceMetrics with anything unusual in its structure is left as a whole. No allocation; memory is laid out by the caller (`otlp-kernel.ts`).
 *
 * Sketch: 53 bytes a sample, one metric header every other sample; target 0.1 CPU s a million samples.
 */
import { keyedHash } from './lib/keyed-hash'
import { measuredDouble, storedDouble } from './lib/sample-value'

/** Control block, bytes from 0; the secrets of `keyed-hash.ts` lie in it too. In: */
const timeMinAt: usize = 0 // f64: earlier samples are left to the caller
const timeMaxAt: usize = 8 // f64
const tenantAt: usize = 80 // u64: keeps tenants apart
/** Out: */
const rowsAt: usize = 88 // u32
const samplesAt: usize = 92 // u32
/** Hashes of the resource, the scope and the metric that are being read. */
const resourceHash: usize = 128
const scopeHash: usize = 144
const metricHash: usize = 160

/** A row: hash (4 words), start and end of the field it is about (the length of a field comes first), samples up to here, kind. */
const rowBytes: u32 = 32
const kindGauge: u32 = 0
/** A monotonic sum: its start time lies beside its sample. */
const kindCounter: u32 = 1
/** Cumulative buckets, the last of them +Inf, then sum and count; the start time lies beside the first. */
const kindHistogram: u32 = 2
/** A point of the current metric that the caller must read. */
const kindPoint: u32 = 3
/** What the rows that follow belong to. */
const kindMetric: u32 = 4
const kindScope: u32 = 5
const kindResource: u32 = 6
const kindResourceEnd: u32 = 7
/** A metric, a ResourceMetrics, the rest of the request: for the caller. */
const kindOtherMetric: u32 = 8
const kindOtherResource: u32 = 9
const kindRest: u32 = 10

/** How reading a part ended: read; no room for what it gives; unusual. */
const read: u32 = 0
const full: u32 = 1
const unusual: u32 = 2

const cumulative: u32 = 2

let rows: usize = 0
let rowCount: u32 = 0
let rowsMax: u32 = 0
let times: usize = 0
let values: usize = 0
let starts: usize = 0
let samples: u32 = 0
let samplesMax: u32 = 0
/** Content of the field that `enter` was called for. */
let contentFrom: usize = 0
let contentEnd: usize = 0

/** Where the columns are, and how much they hold. */
export function layOut(rowsFrom: usize, rowsLimit: u32, timesFrom: usize, valuesFrom: usize, startsFrom: usize, samplesLimit: u32): void {
  rows = rowsFrom
  rowsMax = rowsLimit
  times = timesFrom
  values = valuesFrom
  starts = startsFrom
  samplesMax = samplesLimit
}

/** Reads the request in `[from, end)`; gives where it stopped: at the end, or before a ResourceMetrics that found no room. */
export function walk(from: usize, end: usize): usize {
  rowCount = 0
  samples = 0
  let at = from
  while (at < end && rowCount < rowsMax) {
    const rowsBefore = rowCount
    const samplesBefore = samples
    if (load<u8>(at) != 10 || !enter(at, end)) {
      row(kindRest, at, end)
      at = end
      break
    }
    const next = contentEnd
    const ended = resourceMetrics(contentFrom, contentEnd)
    if (ended != read) {
      rowCount = rowsBefore
      samples = samplesBefore
      if (ended == full && rowsBefore > 0) break
      row(kindOtherResource, at + 1, next)
    }
    at = next
  }
  store<u32>(rowsAt, rowCount)
  store<u32>(samplesAt, samples)
  return at
}

/** Adds a row; false when there is no room. */
function row(kind: u32, from: usize, end: usize): bool {
  if (rowCount == rowsMax) return false
  const at: usize = rows + rowCount * rowBytes
  store<u32>(at, from as u32, 16)
  store<u32>(at, end as u32, 20)
  store<u32>(at, samples, 24)
  store<u32>(at, kind, 28)
  rowCount++
  return true
}

/** Adds a row with the hash that lies at `hash`. */
function hashedRow(kind: u32, from: usize, end: usize, hash: usize): bool {
  if (!row(kind, from, end)) return false
  const at: usize = rows + (rowCount - 1) * rowBytes
  store<u64>(at, load<u64>(hash))
  store<u64>(at, load<u64>(hash, 8), 8)
  return true
}

/** Finds the content of the length-delimited field at `at`. False when it does not fit or its length takes more than four bytes. */
function enter(at: usize, end: usize): bool {
  let length: usize = load<u8>(at, 1)
  let content = at + 2
  if (length >= 128) {
    length = (length & 127) | ((load<u8>(at, 2) as usize) << 7)
    content = at + 3
    if (length >= 1 << 14) {
      length = (length & 0x3fff) | ((load<u8>(at, 3) as usize) << 14)
      content = at + 4
      if (length >= 1 << 21) {
        length = (length & 0x1fffff) | ((load<u8>(at, 4) as usize) << 21)
        content = at + 5
        if (length >= 1 << 28) return false
      }
    }
  }
  contentFrom = content
  contentEnd = content + length
  return contentEnd <= end
}

function resourceMetrics(from: usize, end: usize): u32 {
  let at = from
  contentFrom = contentEnd = from
  if (at < end && load<u8>(at) == 10) {
    if (!enter(at, end)) return unusual
    at = contentEnd
  }
  keyedHash(contentFrom, contentEnd, load<u64>(tenantAt), 0, resourceHash)
  if (!hashedRow(kindResource, contentFrom, contentEnd, resourceHash)) return full
  while (at < end) {
    const tag = load<u8>(at)
    if ((tag != 18 && tag != 26) || !enter(at, end)) return unusual
    const next = contentEnd
    if (tag == 18) {
      const ended = scopeMetrics(contentFrom, contentEnd)
      if (ended != read) return ended
    }
    at = next
  }
  return row(kindResourceEnd, from, end) ? read : full
}

function scopeMetrics(from: usize, end: usize): u32 {
  let at = from
  contentFrom = contentEnd = from
  if (at < end && load<u8>(at) == 10) {
    if (!enter(at, end)) return unusual
    at = contentEnd
  }
  keyedHash(contentFrom, contentEnd, load<u64>(resourceHash), load<u64>(resourceHash, 8), scopeHash)
  if (!hashedRow(kindScope, contentFrom, contentEnd, scopeHash)) return full
  while (at < end) {
    const tag = load<u8>(at)
    if ((tag != 18 && tag != 26) || !enter(at, end)) return unusual
    const next = contentEnd
    if (tag == 18) {
      const ended = metric(at + 1, contentFrom, contentEnd)
      if (ended != read) return ended
    }
    at = next
  }
  return read
}

/** A metric whose name, description and unit come first and whose data comes last; another one is the caller's. */
function metric(fieldAt: usize, from: usize, end: usize): u32 {
  let at = from
  while (at < end) {
    const tag = load<u8>(at)
    if (tag != 10 && tag != 18 && tag != 26) break
    if (!enter(at, end)) return unusual
    at = contentEnd
  }
  const headerEnd = at
  const dataTag: u32 = at < end ? load<u8>(at) : 0
  if (dataTag != 42 && dataTag != 58 && dataTag != 74) return row(kindOtherMetric, fieldAt, end) ? read : full
  if (!enter(at, end)) return unusual
  const dataFrom = contentFrom
  if (contentEnd != end) return row(kindOtherMetric, fieldAt, end) ? read : full
  const facts = dataFacts(dataFrom, end)
  if (facts < 0) return unusual
  if (dataTag != 42 && (facts & 15) != cumulative) return row(kindOtherMetric, fieldAt, end) ? read : full
  if (!row(kindMetric, fieldAt, end)) return full
  // The tag and what the data says of itself belong to the metric's identity.
  const identity = ((dataTag << 8) | (facts as u32)) as u64
  keyedHash(from, headerEnd, load<u64>(scopeHash) + identity, load<u64>(scopeHash, 8), metricHash)
  const kind = dataTag == 58 && facts >> 4 != 0 ? kindCounter : kindGauge
  for (at = dataFrom; at < end;) {
    if (load<u8>(at) != 10) {
      at += 2
      continue
    }
    if (!enter(at, end)) return unusual
    const next = contentEnd
    const ended = dataTag == 74 ? histogramPoint(at + 1, contentFrom, contentEnd) : numberPoint(at + 1, contentFrom, contentEnd, kind)
    if (ended != read) return ended
    at = next
  }
  return read
}

/** Temporality (low four bits) and monotonic (the next) of a Gauge, Sum or Histogram; -1 when there is more than points and these. */
function dataFacts(from: usize, end: usize): i32 {
  let temporality: i32 = 0
  let monotonic: i32 = 0
  let at = from
  while (at < end) {
    const tag = load<u8>(at)
    if (tag == 10) {
      if (!enter(at, end)) return -1
      at = contentEnd
      continue
    }
    const value: i32 = load<u8>(at, 1)
    if (at + 2 > end || value > 2) return -1
    if (tag == 16) temporality = value
    else if (tag == 24) monotonic = value
    else return -1
    at += 2
  }
  return temporality | (monotonic << 4)
}

/** Nanoseconds since 1970 at `at`, as whole milliseconds. */
function msAt(at: usize): f64 {
  return (load<u64>(at) / 1000000) as f64
}

function isAccepted(timeMs: f64): bool {
  return timeMs >= load<f64>(timeMinAt) && timeMs <= load<f64>(timeMaxAt)
}

/** NumberDataPoint. */
function numberPoint(fieldAt: usize, from: usize, end: usize, kind: u32): u32 {
  let timeMs: f64 = 0
  let startMs: f64 = 0
  let value: f64 = 0
  let isPlain = true
  let hasValue = false
  let attributesFrom: usize = from
  let attributesEnd: usize = 0
  let at = from
  while (at < end) {
    const tag = load<u8>(at)
    switch (tag) {
      case 58:
      case 42: {
        if (!enter(at, end)) return unusual
        // An exemplar, or attributes that are not together.
        if (tag == 42 || (attributesEnd != 0 && attributesEnd != at)) isPlain = false
        if (tag == 58) {
          if (attributesEnd == 0) attributesFrom = at
          attributesEnd = contentEnd
        }
        at = contentEnd
        continue
      }
      case 17:
        startMs = msAt(at + 1)
        break
      case 25:
        timeMs = msAt(at + 1)
        break
      case 33:
        value = storedDouble(at + 1)
        hasValue = true
        break
      case 49:
        value = load<i64>(at + 1) as f64
        hasValue = true
        break
      case 64:
        if (load<u8>(at, 1) >= 128) return unusual
        if (load<u8>(at, 1) != 0) isPlain = false
        at += 2
        continue
      default:
        return unusual
    }
    at += 9
  }
  if (at != end) return unusual
  if (!isPlain || !hasValue || !isAccepted(timeMs)) return row(kindPoint, fieldAt, end) ? read : full
  if (samples == samplesMax || rowCount == rowsMax) return full
  put(timeMs, value, startMs)
  keyedHash(attributesFrom, max(attributesEnd, attributesFrom), load<u64>(metricHash), load<u64>(metricHash, 8), rows + rowCount * rowBytes)
  row(kind, fieldAt, end)
  return read
}

/** HistogramDataPoint with explicit bounds. */
function histogramPoint(fieldAt: usize, from: usize, end: usize): u32 {
  let timeMs: f64 = 0
  let startMs: f64 = 0
  let count: f64 = 0
  let sum: f64 = 0
  let isPlain = true
  let hasSum = false
  let attributesFrom: usize = from
  let attributesEnd: usize = 0
  let countsFrom: usize = 0
  let countsEnd: usize = 0
  let boundsFrom: usize = 0
  let boundsEnd: usize = 0
  let at = from
  while (at < end) {
    const tag = load<u8>(at)
    switch (tag) {
      case 74:
      case 50:
      case 58:
      case 66: {
        if (!enter(at, end)) return unusual
        if (tag == 74) {
          if (attributesEnd == 0) attributesFrom = at
          else if (attributesEnd != at) isPlain = false
          attributesEnd = contentEnd
        } else if (tag == 50) {
          if (countsEnd != 0) return unusual
          countsFrom = contentFrom
          countsEnd = contentEnd
        } else if (tag == 58) {
          if (boundsEnd != 0) return unusual
          boundsFrom = contentFrom
          boundsEnd = contentEnd
        } else isPlain = false
        at = contentEnd
        continue
      }
      case 17:
        startMs = msAt(at + 1)
        break
      case 25:
        timeMs = msAt(at + 1)
        break
      case 33:
        count = load<u64>(at + 1) as f64
        break
      case 41:
        sum = measuredDouble(at + 1)
        hasSum = true
        break
      case 89:
      case 97:
        break
      case 80:
        if (load<u8>(at, 1) >= 128) return unusual
        if (load<u8>(at, 1) != 0) isPlain = false
        at += 2
        continue
      default:
        return unusual
    }
    at += 9
  }
  const buckets = ((countsEnd - countsFrom) >> 3) as u32
  const isWhole = ((countsEnd - countsFrom) & 7) == 0 && buckets > 0 && countsEnd - countsFrom == boundsEnd - boundsFrom + 8
  if (at != end) return unusual
  if (!isPlain || !hasSum || !isWhole || !isAccepted(timeMs)) return row(kindPoint, fieldAt, end) ? read : full
  if (samples + buckets + 2 > samplesMax || rowCount == rowsMax) return full
  let total: f64 = 0
  for (let i: u32 = 0; i + 1 < buckets; i++) {
    total += load<u64>(countsFrom + ((i as usize) << 3)) as f64
    put(timeMs, total, startMs)
  }
  put(timeMs, count, startMs)
  put(timeMs, sum, startMs)
  put(timeMs, count, startMs)
  const hash: usize = rows + rowCount * rowBytes
  keyedHash(attributesFrom, max(attributesEnd, attributesFrom), load<u64>(metricHash), load<u64>(metricHash, 8), hash)
  keyedHash(boundsFrom, boundsEnd, load<u64>(hash), load<u64>(hash, 8), hash)
  row(kindHistogram, fieldAt, end)
  return read
}

function put(timeMs: f64, value: f64, startMs: f64): void {
  const at: usize = samples << 3
  store<f64>(times + at, timeMs)
  store<f64>(values + at, value)
  store<f64>(starts + at, startMs)
  samples++
}
