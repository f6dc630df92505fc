/** Queries that select 1,000 series of a million. */
import { instantPath, rangePath } from './prometheus-api.mjs'

const stepSec = 30

/** As `querySet`; each call asks for another thousand. */
export function millionQueries({ startMs, endMs, fleet }) {
  const groups = fleet.hosts / fleet.hostsPerGroup
  const groupOf = (call) => (call * 7919) % groups
  const rackOf = (call) => call % 100
  const window = { fromSec: Math.ceil(startMs / 1000 / stepSec) * stepSec, toSec: Math.floor(endMs / 1000 / stepSec) * stepSec, stepSec }
  const ask = (name, queryOf, pathOf) => ({ name, set: 'million', query: queryOf(0), pathOf: (call) => pathOf(queryOf(call)) })
  const range = (query) => rangePath(query, window)
  const instant = (query) => instantPath(query, endMs)
  return [
    ask('group-by-host', (call) => `sum by (hostname) ({__name__=~"cpu_usage_.+", group="g${groupOf(call)}"})`, range),
    ask('rack-by-region', (call) => `avg by (region) (cpu_usage_user{rack="${rackOf(call)}"})`, range),
    ask('rack-over-time', (call) => `max_over_time(cpu_usage_system{rack="${rackOf(call)}"}[90s])`, instant),
    ask('group-instant', (call) => `{__name__=~"cpu_usage_.+", group="g${groupOf(call)}"}`, instant),
    ask('one-series', (call) => `cpu_usage_user{hostname="host_${(call * 7919) % fleet.hosts}"}`, instant),
  ]
}
