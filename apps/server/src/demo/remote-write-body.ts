/**
 * Remote write 1.0 request bodies (protobuf `prometheus.WriteRequest`, snappy block format), as a Prometheus server would send for
 * the simulated shop. Label bytes are made once a series; a body then costs eighteen bytes a sample.
 */
import { compressSync } from 'snappy'
import { ByteWriter } from './byte-writer.ts'
import {
  environmentName,
  type Attributes,
  type Family,
  type HistogramPoint,
  type NumberPoint,
  type PointSet,
  type Source,
} from './points.ts'

/** `prometheus.MetricMetadata.MetricType` */
const metadataType = { counter: 1, gauge: 2, histogram: 3 } as const

/** Length of an encoded sample whose time takes six varint bytes (1987 to 2109): value 9, time 7. */
const sampleBytes = 16

interface SeriesRows {
  /** Encoded `TimeSeries.labels`. */
  readonly labels: Uint8Array
  readonly times: number[]
  readonly values: number[]
}

/** Gathers rows of every series until they are sent. */
export class RemoteWriteBody {
  readonly #wanted: (source: Source) => boolean
  readonly #byPoint = new Map<NumberPoint | HistogramPoint, SeriesRows[]>()
  readonly #families = new Set<Family>()
  #samples = 0

  /** Takes the points of the sources that `wanted` says yes to. */
  constructor(wanted: (source: Source) => boolean) {
    this.#wanted = wanted
  }

  get samples(): number {
    return this.#samples
  }

  /** Adds a row for every present point. */
  collect(points: PointSet, timeMs: number): void {
    for (const point of points.numbers) {
      if (!point.present || !this.#wanted(point.source)) continue
      const [rows] = this.#rowsOf(point, () => [series(point.family.name, point.source, point.attributes)])
      this.#push(rows, timeMs, point.read())
    }
    for (const point of points.histograms) {
      if (!this.#wanted(point.source)) continue
      const rows = this.#rowsOf(point, () => histogramSeries(point))
      const last = point.family.bounds.length
      for (let bucket = 0; bucket <= last; bucket++) this.#push(rows[bucket], timeMs, point.read(bucket))
      this.#push(rows[last + 1], timeMs, point.readSum())
      this.#push(rows[last + 2], timeMs, point.read(last))
    }
  }

  #rowsOf(point: NumberPoint | HistogramPoint, make: () => SeriesRows[]): SeriesRows[] {
    const known = this.#byPoint.get(point)
    if (known !== undefined) return known
    const made = make()
    this.#byPoint.set(point, made)
    this.#families.add(point.family)
    return made
  }

  #push(rows: SeriesRows | undefined, timeMs: number, value: number): void {
    if (rows === undefined) return
    rows.times.push(timeMs)
    rows.values.push(value)
    this.#samples += 1
  }

  /** The compressed body of everything gathered, with the families' descriptions, and starts anew. */
  take(): Buffer {
    const writer = new ByteWriter(this.#samples * (sampleBytes + 2) + 65_536)
    for (const all of this.#byPoint.values()) {
      for (const rows of all) {
        if (rows.times.length > 0) writeSeries(writer, rows)
        rows.times.length = 0
        rows.values.length = 0
      }
    }
    for (const each of this.#families) writeMetadata(writer, each)
    this.#samples = 0
    return compressSync(writer.bytes())
  }
}

/** What the same source's samples get when they arrive through OTLP, so that history and present are one series. */
function sourceLabels({ namespace, serviceName, instance }: Source): [string, string][] {
  const exporter: [string, string][] = [
    ['instance', instance],
    ['job', serviceName],
  ]
  if (namespace === '') return exporter
  return [
    ['instance', instance],
    ['job', `${namespace}/${serviceName}`],
    ['service_name', serviceName],
    ['service_namespace', namespace],
    ['deployment_environment_name', environmentName],
  ]
}

function series(name: string, source: Source, attributes: Attributes): SeriesRows {
  const labels: [string, string][] = [['__name__', name], ...sourceLabels(source)]
  for (const [key, value] of Object.entries(attributes)) labels.push([key.replaceAll('.', '_'), value])
  labels.sort(([a], [b]) => (a < b ? -1 : 1))
  const writer = new ByteWriter(256)
  for (const [key, value] of labels) {
    const inner = new ByteWriter(128)
    inner.text(1, key)
    inner.text(2, value)
    writer.message(1, inner.bytes())
  }
  return { labels: writer.bytes(), times: [], values: [] }
}

function histogramSeries(point: HistogramPoint): SeriesRows[] {
  const { family, source, attributes } = point
  const bounds = [...family.bounds.map(String), '+Inf']
  return [
    ...bounds.map((le) => series(`${family.name}_bucket`, source, { ...attributes, le })),
    series(`${family.name}_sum`, source, attributes),
    series(`${family.name}_count`, source, attributes),
  ]
}

function writeSeries(writer: ByteWriter, { labels, times, values }: SeriesRows): void {
  writer.key(1, 2)
  writer.varint(labels.length + times.length * (sampleBytes + 2))
  writer.raw(labels)
  for (let row = 0; row < times.length; row++) {
    writer.key(2, 2)
    writer.varint(sampleBytes)
    writer.key(1, 1)
    writer.double(values[row] ?? 0)
    writer.key(2, 0)
    writer.varint(times[row] ?? 0)
  }
}

function writeMetadata(writer: ByteWriter, { kind, name, help, otlpUnit }: Family): void {
  const inner = new ByteWriter(256)
  inner.key(1, 0)
  inner.varint(metadataType[kind])
  inner.text(2, name)
  inner.text(4, help)
  if (otlpUnit === 's') inner.text(5, 'seconds')
  writer.message(3, inner.bytes())
}
