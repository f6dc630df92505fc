/**
 * Remote write 1.0 bodies (protobuf `prometheus.WriteRequest` in snappy's block format) of a fleet, as a Prometheus would send them:
 * one sample a series a request, or packed, many samples of a series together, as after an outage.
 */
import { createRequire } from 'node:module'
import { ProtoWriter } from './proto-writer.mjs'
import { Truth } from './truth.mjs'

// The server's dependency, not the repository's.
const { compressSync } = createRequire(new URL('../../apps/server/package.json', import.meta.url))('snappy')

export const remoteWriteHeaders = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
}

/** `Sample` in `TimeSeries.samples`: tag and length, value, time of six varint bytes (years 1971 to 2109). */
const sampleBytes = 18

/**
 * Bodies in the order of their times: `{ bodies: [{ bytes, samples, lane, step }], truth }`. A series is always in the same `lane`.
 * `pack` is how many samples a series has in a body, `seriesPerBody` how many series.
 */
export function remoteWriteBodies(fleet, { startMs, intervalMs, steps, pack, seriesPerBody }) {
  const labelSets = fleet.labelSets()
  const labels = encodeLabels(labelSets)
  const truth = new Truth(labelSets.map(([[, name]]) => name))
  const seriesCount = labelSets.length
  const values = new Float64Array(pack * seriesCount)
  const bodies = []
  const writer = new BodyWriter(labels, values, seriesCount)
  for (let step = 0; step < steps; step += pack) {
    const samples = Math.min(pack, steps - step)
    const times = []
    for (let sample = 0; sample < samples; sample++) {
      fleet.step()
      fleet.copyValues(values, sample * seriesCount)
      truth.add(values, sample * seriesCount)
      times.push(new ProtoWriter(8).varint(startMs + (step + sample) * intervalMs).take())
    }
    for (let from = 0, lane = 0; from < seriesCount; from += seriesPerBody, lane++) {
      const to = Math.min(seriesCount, from + seriesPerBody)
      bodies.push({ bytes: compressSync(writer.write(from, to, times)), samples: (to - from) * samples, lane, step: step / pack })
    }
  }
  return { bodies, truth }
}

/** Every `TimeSeries.labels` in one buffer: `{ bytes, ends }`. */
function encodeLabels(labelSets) {
  const writer = new ProtoWriter(labelSets.length * 256)
  const ends = new Uint32Array(labelSets.length)
  const one = new ProtoWriter(1024)
  let end = 0
  labelSets.forEach((set, index) => {
    for (const [name, value] of set) {
      const label = one.textField(1, name).textField(2, value).take()
      writer.varint(10).varint(label.length).raw(label)
      end += 1 + (label.length < 128 ? 1 : 2) + label.length
    }
    ends[index] = end
  })
  return { bytes: writer.take(), ends }
}

/** Puts values, whose places follow from their number, between label bytes that are there already. */
class BodyWriter {
  #labels
  #values
  #seriesCount
  #out = Buffer.allocUnsafe(1 << 20)

  constructor(labels, values, seriesCount) {
    this.#labels = labels
    this.#values = values
    this.#seriesCount = seriesCount
  }

  /** Series `[from, to)` at `times` (as varints). The result is good until the next call. */
  write(from, to, times) {
    const { bytes, ends } = this.#labels
    const most = ends[to - 1] - (from === 0 ? 0 : ends[from - 1]) + (to - from) * (8 + times.length * sampleBytes)
    if (this.#out.length < most) this.#out = Buffer.allocUnsafe(most)
    const out = this.#out
    let at = 0
    for (let series = from; series < to; series++) {
      const start = series === 0 ? 0 : ends[series - 1]
      const labelBytes = ends[series] - start
      out[at++] = 10
      let size = labelBytes + times.length * sampleBytes
      for (; size > 127; size >>>= 7) out[at++] = 128 | (size & 127)
      out[at++] = size
      bytes.copy(out, at, start, ends[series])
      at += labelBytes
      for (let sample = 0; sample < times.length; sample++) {
        out[at] = 18
        out[at + 1] = 16
        out[at + 2] = 9
        out.writeDoubleLE(this.#values[sample * this.#seriesCount + series], at + 3)
        out[at + 11] = 16
        const time = times[sample]
        for (let index = 0; index < 6; index++) out[at + 12 + index] = time[index]
        at += sampleBytes
      }
    }
    return out.subarray(0, at)
  }
}
