/** Remote write requests from small descriptions: version 1 with label texts, version 2 with a symbol table. Not compressed. */
import { ProtoWriter } from '../protobuf/writer.ts'

export type LabelPairs = readonly (readonly [string | Uint8Array, string | Uint8Array])[]

export interface HistogramBody {
  readonly timeMs: number
  readonly startMs?: number
  readonly count?: number
  readonly countFloat?: number
  readonly sum: number
  readonly schema: number
  readonly zeroThreshold?: number
  readonly zeroCount?: number
  readonly zeroCountFloat?: number
  readonly negativeSpans?: readonly (readonly [number, number])[]
  readonly negativeDeltas?: readonly number[]
  readonly positiveSpans?: readonly (readonly [number, number])[]
  readonly positiveDeltas?: readonly number[]
  readonly positiveCounts?: readonly number[]
  readonly resetHint?: number
  readonly customValues?: readonly number[]
}

export interface SeriesBody {
  readonly labels: LabelPairs
  /** Value, ms, and for version 2 its start, ms. */
  readonly samples?: readonly (readonly [number | bigint, number, number?])[]
  readonly histograms?: readonly HistogramBody[]
  readonly exemplars?: readonly { readonly labels: LabelPairs; readonly value: number; readonly timeMs: number }[]
  /** Version 2. */
  readonly metadata?: { readonly type: number; readonly help?: string; readonly unit?: string }
  readonly createdMs?: number
}

export interface MetadataBody {
  readonly name: string
  readonly type: number
  readonly help?: string
  readonly unit?: string
}

/** Bits of Prometheus' stale marker, for samples. */
export const staleBits = 0x7ff0000000000002n

export function remoteWrite1(series: readonly SeriesBody[], metadata: readonly MetadataBody[] = []): Buffer {
  const writer = new ProtoWriter(4096)
  for (const one of series) {
    writer.messageField(1, (w) => {
      writeLabels(w, one.labels)
      for (const [value, timeMs] of one.samples ?? []) w.messageField(2, (s) => writeSample(s, value, timeMs))
      for (const exemplar of one.exemplars ?? []) {
        w.messageField(3, (e) => {
          writeLabels(e, exemplar.labels)
          e.doubleField(2, exemplar.value).tag(3, 0).varint64(BigInt(exemplar.timeMs))
        })
      }
      for (const histogram of one.histograms ?? []) w.messageField(4, (h) => writeHistogram(h, histogram))
    })
  }
  for (const one of metadata) {
    writer.messageField(3, (w) =>
      w
        .varintField(1, one.type)
        .stringField(2, one.name)
        .stringField(4, one.help ?? '')
        .stringField(5, one.unit ?? ''),
    )
  }
  return writer.finish()
}

export function remoteWrite2(series: readonly SeriesBody[], symbols: (string | Uint8Array)[] = ['']): Buffer {
  const refOf = (text: string | Uint8Array): number => {
    const known = symbols.indexOf(text)
    return known >= 0 ? known : symbols.push(text) - 1
  }
  const body = new ProtoWriter(4096)
  for (const one of series) {
    body.messageField(5, (w) => {
      writeRefs(w, one.labels, refOf)
      for (const [value, timeMs, startMs] of one.samples ?? []) {
        w.messageField(2, (s) => {
          writeSample(s, value, timeMs)
          if (startMs !== undefined) s.tag(3, 0).varint64(BigInt(startMs))
        })
      }
      for (const histogram of one.histograms ?? []) w.messageField(3, (h) => writeHistogram(h, histogram))
      for (const exemplar of one.exemplars ?? []) {
        w.messageField(4, (e) => {
          writeRefs(e, exemplar.labels, refOf)
          e.doubleField(2, exemplar.value).tag(3, 0).varint64(BigInt(exemplar.timeMs))
        })
      }
      const { metadata } = one
      if (metadata !== undefined) {
        w.messageField(5, (m) =>
          m
            .varintField(1, metadata.type)
            .varintField(3, refOf(metadata.help ?? ''))
            .varintField(4, refOf(metadata.unit ?? '')),
        )
      }
      if (one.createdMs !== undefined) w.tag(6, 0).varint64(BigInt(one.createdMs))
    })
  }
  const writer = new ProtoWriter(4096)
  for (const symbol of symbols) writer.bytesField(4, typeof symbol === 'string' ? Buffer.from(symbol) : symbol)
  return writer.raw(body.finish()).finish()
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text) : text
}

function writeLabels(writer: ProtoWriter, labels: LabelPairs): void {
  for (const [name, value] of labels) writer.messageField(1, (w) => w.bytesField(1, bytesOf(name)).bytesField(2, bytesOf(value)))
}

function writeRefs(writer: ProtoWriter, labels: LabelPairs, refOf: (text: string | Uint8Array) => number): void {
  writer.messageField(1, (w) => labels.forEach(([name, value]) => w.varint(refOf(name)).varint(refOf(value))))
}

/** A bigint value is the bits of the double. */
function writeSample(writer: ProtoWriter, value: number | bigint, timeMs: number): void {
  if (typeof value === 'bigint') writer.tag(1, 1).fixed64(value)
  else writer.doubleField(1, value)
  writer.tag(2, 0).varint64(BigInt(timeMs))
}

function writeHistogram(writer: ProtoWriter, histogram: HistogramBody): void {
  if (histogram.count !== undefined) writer.varintField(1, histogram.count)
  if (histogram.countFloat !== undefined) writer.doubleField(2, histogram.countFloat)
  writer.doubleField(3, histogram.sum).tag(4, 0).zigzag(histogram.schema)
  writer.doubleField(5, histogram.zeroThreshold ?? 0)
  if (histogram.zeroCount !== undefined) writer.varintField(6, histogram.zeroCount)
  if (histogram.zeroCountFloat !== undefined) writer.doubleField(7, histogram.zeroCountFloat)
  writeSpans(writer, 8, histogram.negativeSpans)
  if (histogram.negativeDeltas !== undefined) writer.messageField(9, (w) => histogram.negativeDeltas?.forEach((delta) => w.zigzag(delta)))
  writeSpans(writer, 11, histogram.positiveSpans)
  if (histogram.positiveDeltas !== undefined) writer.messageField(12, (w) => histogram.positiveDeltas?.forEach((delta) => w.zigzag(delta)))
  if (histogram.positiveCounts !== undefined) writer.messageField(13, (w) => histogram.positiveCounts?.forEach((count) => w.double(count)))
  if (histogram.resetHint !== undefined) writer.varintField(14, histogram.resetHint)
  writer.tag(15, 0).varint64(BigInt(histogram.timeMs))
  if (histogram.customValues !== undefined) writer.messageField(16, (w) => histogram.customValues?.forEach((value) => w.double(value)))
  if (histogram.startMs !== undefined) writer.tag(17, 0).varint64(BigInt(histogram.startMs))
}

function writeSpans(writer: ProtoWriter, field: number, spans: readonly (readonly [number, number])[] = []): void {
  for (const [offset, length] of spans) writer.messageField(field, (w) => w.tag(1, 0).zigzag(offset).varintField(2, length))
}
