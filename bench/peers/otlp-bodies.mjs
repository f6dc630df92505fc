/**
 * OTLP metrics bodies (protobuf `ExportMetricsServiceRequest`) of a fleet: a resource a host with its gauges; hosts that also run an
 * app have a counter by status and an explicit-bucket histogram, all cumulative. A histogram point counts as fourteen samples, the
 * series that a store of plain samples makes of it.
 */
import { bounds, bucketCount, gaugeNames, seriesPerApp, statuses } from './fleet.mjs'
import { ProtoWriter } from './proto-writer.mjs'
import { Truth } from './truth.mjs'

export const otlpHeaders = { 'content-type': 'application/x-protobuf' }

const cumulative = 2
const samplesPerHost = gaugeNames.length

/** As `remoteWriteBodies`; `hostsPerBody` resources a body. Names in `truth` are those of remote write. */
export function otlpBodies(fleet, { startMs, intervalMs, steps, hostsPerBody }) {
  const truth = new Truth(fleet.labelSets().map(([[, name]]) => name))
  const resources = fleet.hosts.map((tags, index) => encodeResource(tags, fleet.apps[index]))
  const values = new Float64Array(fleet.seriesCount)
  const started = BigInt(startMs - intervalMs) * 1_000_000n
  const writer = new ProtoWriter(1 << 20)
  const bodies = []
  for (let step = 0; step < steps; step++) {
    fleet.step()
    fleet.copyValues(values, 0)
    truth.add(values, 0)
    const now = BigInt(startMs + step * intervalMs) * 1_000_000n
    for (let from = 0, lane = 0; from < fleet.hosts.length; from += hostsPerBody, lane++) {
      const to = Math.min(fleet.hosts.length, from + hostsPerBody)
      const apps = Math.max(0, Math.min(to, fleet.apps.length) - from)
      for (let host = from; host < to; host++) {
        writer.message(1, (resourceMetrics) => {
          resourceMetrics.raw(resources[host])
          resourceMetrics.message(2, (scope) => writeScope(scope, { fleet, host, now, started }))
        })
      }
      bodies.push({ bytes: writer.take(), samples: (to - from) * samplesPerHost + apps * seriesPerApp, lane, step })
    }
  }
  return { bodies, truth }
}

function encodeResource(tags, app) {
  const { hostname, service, ...others } = tags
  const attributes = {
    'host.name': hostname,
    'service.name': app?.service ?? `service-${service}`,
    'service.instance.id': `${hostname}:8080`,
    ...others,
  }
  return new ProtoWriter(1024)
    .message(1, (resource) => {
      for (const [key, value] of Object.entries(attributes)) writeAttribute(resource, 1, { key, value })
    })
    .take()
}

function writeAttribute(writer, field, { key, value }) {
  writer.message(field, (pair) => pair.textField(1, key).message(2, (any) => any.textField(1, value)))
}

function writeScope(scope, { fleet, host, now, started }) {
  scope.message(1, (about) => about.textField(1, 'fleet').textField(2, '1.0'))
  gaugeNames.forEach((name, index) => {
    scope.message(2, (metric) => {
      metric.textField(1, `cpu.${name}`).textField(3, '%')
      const value = fleet.gauges[host * gaugeNames.length + index]
      metric.message(5, (gauge) => gauge.message(1, (point) => point.fixed64Field(3, now).doubleField(4, value)))
    })
  })
  if (host >= fleet.apps.length) return
  const totals = fleet.totals.subarray(host * seriesPerApp, (host + 1) * seriesPerApp)
  scope.message(2, (metric) => writeCounter(metric, { totals, now, started }))
  scope.message(2, (metric) => writeHistogram(metric, { totals, now, started }))
}

function writeCounter(metric, { totals, now, started }) {
  metric.textField(1, 'http.requests').message(7, (sum) => {
    statuses.forEach((status, index) => {
      sum.message(1, (point) => {
        point.fixed64Field(2, started).fixed64Field(3, now).fixed64Field(6, BigInt(totals[index]))
        writeAttribute(point, 7, { key: 'status', value: status })
      })
    })
    sum.varintField(2, cumulative).varintField(3, 1)
  })
}

function writeHistogram(metric, { totals, now, started }) {
  const buckets = totals.subarray(statuses.length, statuses.length + bucketCount)
  metric
    .textField(1, 'http.request.duration')
    .textField(3, 's')
    .message(9, (histogram) => {
      histogram.message(1, (point) => {
        point.fixed64Field(2, started).fixed64Field(3, now)
        point.fixed64Field(4, BigInt(totals[seriesPerApp - 1])).doubleField(5, totals[seriesPerApp - 2])
        point.message(6, (counts) =>
          buckets.forEach((upTo, index) => counts.fixed64(BigInt(upTo - (index === 0 ? 0 : buckets[index - 1])))),
        )
        point.message(7, (explicit) => bounds.forEach((bound) => explicit.double(bound)))
        writeAttribute(point, 9, { key: 'http.route', value: '/api' })
      })
      histogram.varintField(2, cumulative)
    })
}
