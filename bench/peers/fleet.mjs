/**
 * What is measured in the workloads: hosts with ten CPU gauges each (after the devops case of the Time Series Benchmark Suite: whole
 * numbers from 0 to 100 that walk at random, ten tags), and instances of services with request counters and a latency histogram.
 * Everything follows from the seed.
 */
import { Chance } from './chance.mjs'

export const gaugeNames = ['user', 'system', 'idle', 'nice', 'iowait', 'irq', 'softirq', 'steal', 'guest', 'guest_nice'].map(
  (kind) => `usage_${kind}`,
)
export const statuses = ['200', '201', '404', '500']
/** Upper bounds of the latency histogram, seconds; the bucket above them is the twelfth. */
export const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
export const bucketCount = bounds.length + 1
/** Counters, buckets, sum and count. */
export const seriesPerApp = statuses.length + bucketCount + 2

const regions = [
  'us-east-1',
  'us-west-1',
  'us-west-2',
  'eu-west-1',
  'eu-central-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-northeast-1',
  'sa-east-1',
]
const serviceNames =
  'checkout cart payment catalog search auth profile inventory shipping pricing email recommend frontend gateway ads currency fraud billing orders reviews'.split(
    ' ',
  )

/** Hosts and apps with the present value of each of their series. */
export class Fleet {
  /** Tags by host. */
  hosts
  /** `{ instance, region, service }` by app. */
  apps
  /** `Float64Array[hosts * 10]`: what the gauges show. */
  gauges
  /** `Float64Array[apps * seriesPerApp]`: counters by status, cumulative buckets, sum, count. */
  totals
  #chance
  #walk
  #traffic

  /** `hostsPerGroup`, when given, adds the label `group`, so that a query can select that many hosts. */
  constructor({ hosts, apps = 0, seed = 1, hostsPerGroup = 0 }) {
    const chance = new Chance(seed)
    this.#chance = chance
    this.hosts = Array.from({ length: hosts }, (_, index) => hostTags(chance, index, hostsPerGroup))
    this.apps = Array.from({ length: apps }, (_, index) => ({
      instance: `10.${(index >> 8) & 255}.${index & 255}.7:8080`,
      region: regions[index % regions.length],
      service: serviceNames[index % serviceNames.length],
    }))
    this.#walk = Float64Array.from({ length: hosts * gaugeNames.length }, () => chance.share() * 100)
    this.#traffic = this.apps.map(() => ({
      requestsPerStep: 5 + 200 * chance.share() ** 3,
      medianSec: 0.02 * 10 ** (1.2 * chance.share()),
    }))
    this.gauges = new Float64Array(this.#walk.length)
    this.totals = new Float64Array(apps * seriesPerApp)
  }

  /** Lets one interval pass. */
  step() {
    const walk = this.#walk
    for (let index = 0; index < walk.length; index++) {
      const moved = Math.min(100, Math.max(0, walk[index] + this.#chance.normal()))
      walk[index] = moved
      this.gauges[index] = Math.trunc(moved)
    }
    for (let app = 0; app < this.apps.length; app++) this.#serve(app)
  }

  /** Labels of every series as sorted `[name, value]` pairs, in the order of `value`. */
  labelSets() {
    const sets = []
    for (const tags of this.hosts) for (const gauge of gaugeNames) sets.push(sorted({ __name__: `cpu_${gauge}`, ...tags }))
    for (const app of this.apps) {
      for (const status of statuses) sets.push(sorted({ __name__: 'http_requests_total', ...app, status }))
      const name = 'http_request_duration_seconds'
      for (let bucket = 0; bucket < bucketCount; bucket++) {
        sets.push(sorted({ __name__: `${name}_bucket`, ...app, le: bucket < bounds.length ? String(bounds[bucket]) : '+Inf' }))
      }
      sets.push(sorted({ __name__: `${name}_sum`, ...app }), sorted({ __name__: `${name}_count`, ...app }))
    }
    return sets
  }

  /** How many flat series there are. */
  get seriesCount() {
    return this.gauges.length + this.totals.length
  }

  /** Writes the present values of all series to `target`, from `offset`. */
  copyValues(target, offset) {
    target.set(this.gauges, offset)
    target.set(this.totals, offset + this.gauges.length)
  }

  #serve(app) {
    const chance = this.#chance
    const { requestsPerStep, medianSec } = this.#traffic[app]
    const from = app * seriesPerApp
    const totals = this.totals
    const requests = Math.max(0, Math.round(requestsPerStep + Math.sqrt(requestsPerStep) * chance.normal()))
    const created = Math.round(requests * 0.1)
    const missing = Math.round(requests * 0.03)
    const failed = chance.share() < 0.1 ? Math.round(requests * 0.05) : 0
    totals[from] += requests - created - missing - failed
    totals[from + 1] += created
    totals[from + 2] += missing
    totals[from + 3] += failed
    // Latencies spread like a logistic curve over the logarithm, around a median that wobbles a little.
    const median = medianSec * Math.exp(0.1 * chance.normal())
    for (let bucket = 0; bucket < bounds.length; bucket++) {
      const below = 1 / (1 + (median / bounds[bucket]) ** 1.9)
      totals[from + statuses.length + bucket] += Math.round(requests * below)
    }
    totals[from + statuses.length + bounds.length] += requests
    totals[from + seriesPerApp - 2] += Math.round(requests * median * 1500) / 1000
    totals[from + seriesPerApp - 1] += requests
  }
}

function hostTags(chance, index, hostsPerGroup) {
  const region = chance.oneOf(regions)
  const tags = {
    hostname: `host_${index}`,
    region,
    datacenter: region + chance.oneOf(['a', 'b', 'c']),
    rack: String(chance.below(100)),
    os: chance.oneOf(['Ubuntu16.10', 'Ubuntu16.04LTS', 'Ubuntu15.10']),
    arch: chance.oneOf(['x64', 'x86']),
    team: chance.oneOf(['SF', 'NYC', 'LON', 'CHI']),
    service: String(chance.below(20)),
    service_version: String(chance.below(2)),
    service_environment: chance.oneOf(['production', 'staging', 'test']),
  }
  return hostsPerGroup > 0 ? { ...tags, group: `g${Math.floor(index / hostsPerGroup)}` } : tags
}

function sorted(labels) {
  return Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1))
}
