/**
 * The workloads: which fleet, how many steps, in which bodies. `short` overrides what the short form makes smaller; the loads of one
 * sample a body are the same in both forms, because their ratio changes with the share of new series.
 */
import { Fleet } from './fleet.mjs'
import { otlpBodies, otlpHeaders } from './otlp-bodies.mjs'
import { remoteWriteBodies, remoteWriteHeaders } from './remote-write-bodies.mjs'

const kinds = {
  remoteWrite: { encode: remoteWriteBodies, headers: remoteWriteHeaders },
  otlp: { encode: otlpBodies, headers: otlpHeaders },
}

export const workloads = {
  'rw-10k': {
    about: 'remote write, 10,000 series, 10 s apart, one sample a series a request',
    kind: 'remoteWrite',
    fleet: { hosts: 1000 },
    steps: 360,
    intervalMs: 10_000,
    bodies: { pack: 1, seriesPerBody: 2500 },
    warmSteps: 5,
  },
  'rw-100k': {
    about: 'remote write, 100,000 series, 10 s apart, one sample a series a request',
    kind: 'remoteWrite',
    fleet: { hosts: 10_000 },
    steps: 50,
    intervalMs: 10_000,
    bodies: { pack: 1, seriesPerBody: 2500 },
    warmSteps: 5,
  },
  'otlp-mixed': {
    about: 'OTLP protobuf, 1,000 hosts (10 gauges), 500 of them with counters and a histogram, 10 s apart, 100 hosts a request',
    kind: 'otlp',
    fleet: { hosts: 1000, apps: 500 },
    steps: 120,
    intervalMs: 10_000,
    bodies: { hostsPerBody: 100 },
    warmSteps: 5,
  },
  packed: {
    about: 'remote write, 24 h of 19,000 series, 30 s apart, 60 samples a series a request; then the queries',
    kind: 'remoteWrite',
    fleet: { hosts: 1000, apps: 500 },
    steps: 2880,
    intervalMs: 30_000,
    bodies: { pack: 60, seriesPerBody: 500 },
    warmSteps: 0,
    /** Prometheus takes nothing that is much older than the newest, so no connection may run ahead of the others. */
    inStep: true,
    queries: true,
    short: { about: 'a quarter of the series: 24 h of 4,750', fleet: { hosts: 250, apps: 125 } },
  },
  million: {
    about: 'remote write, 1,000,000 series in one project, 30 s apart, three samples each; then queries that select 1,000',
    kind: 'remoteWrite',
    fleet: { hosts: 100_000, hostsPerGroup: 100 },
    steps: 3,
    intervalMs: 30_000,
    bodies: { pack: 1, seriesPerBody: 2500 },
    warmSteps: 0,
    million: true,
  },
}

/** The workload as the form has it. */
export function workloadOf(name, form) {
  const { short, ...workload } = workloads[name] ?? {}
  if (workload.kind === undefined) throw new Error(`there is no workload ${name}; there are ${Object.keys(workloads).join(', ')}`)
  return { name, ...workload, ...(form === 'short' ? short : undefined) }
}

/**
 * Makes the bodies, the last of them for `endMs` or a little before (a whole interval). Adds `bodies`, `headers`, `truth`, `startMs`,
 * `endMs`, `samples`. Memory: about 6 bytes a packed sample, 25 bytes one that comes alone.
 */
export function prepare(workload, { endMs, seed = 42 }) {
  const { kind, fleet, steps, intervalMs } = workload
  const { encode, headers } = kinds[kind]
  const lastMs = Math.floor(endMs / intervalMs) * intervalMs
  const startMs = lastMs - (steps - 1) * intervalMs
  const { bodies, truth } = encode(new Fleet({ ...fleet, seed }), { startMs, intervalMs, steps, ...workload.bodies })
  return { ...workload, bodies, headers, truth, startMs, endMs: lastMs, samples: truth.samples, series: truth.samples / steps }
}
