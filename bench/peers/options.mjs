/** What one can say on the command line, and what the two forms mean. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { workloads } from './workloads.mjs'

const usage = `npm run bench:peers -- [options]

  --short          one run of each load, smaller day of samples, newest peers; under 3 minutes (default)
  --long           three runs, full loads, old and new peers; about half an hour
  --loads a,b      only these loads: ${Object.keys(workloads).join(', ')}
  --peers a,b      only these servers: bellwether, vm, prom, vm-old, prom-old
  --only pattern   only queries whose name matches
  --runs n         runs of each load and passes of the queries
  --calls n        calls of a query in a pass, --seconds s: no longer than this for them
  --connections n  connections that send (4)
  --at time        time of the newest sample: now (default) or an ISO time
  --program path   another build of Bellwether (its bin/bellwether.mjs)
  --no-build       take the build that is there
  --profile        no table of peers: start Bellwether with a CPU profiler and show where its time goes
  --out path       JSON of the results; --add keeps what the file has of other loads
  --render         measure nothing, show the table of --out
  --readme         put the table into bench/README.md, between its markers`

const forms = {
  short: {
    runs: 1,
    calls: 12,
    seconds: 0.5,
    loads: ['rw-10k', 'rw-100k', 'otlp-mixed', 'packed'],
    /** The goals of loading are about VictoriaMetrics alone; Prometheus takes four times as long for it. */
    peersOf: (load) => (load === 'packed' ? ['bellwether', 'vm', 'prom'] : ['bellwether', 'vm']),
  },
  long: {
    runs: 3,
    calls: 15,
    seconds: 2,
    loads: Object.keys(workloads),
    peersOf: () => ['bellwether', 'vm', 'prom', 'vm-old', 'prom-old'],
  },
}

const list = (text) => text?.split(',').filter((item) => item !== '')

/** Ends the process after `--help` and after an option that does not exist. */
export function parseOptions(args, { peers: known, ownProgram, results }) {
  const flags = ['short', 'long', 'profile', 'readme', 'render', 'add', 'no-build', 'help']
  const texts = ['loads', 'peers', 'only', 'runs', 'calls', 'seconds', 'connections', 'at', 'program', 'out']
  const { values } = parseArgs({
    args,
    options: Object.fromEntries([
      ...flags.map((flag) => [flag, { type: 'boolean', default: false }]),
      ...texts.map((text) => [text, { type: 'string' }]),
    ]),
  })
  if (values.help) {
    console.log(usage)
    process.exit(0)
  }
  const formName = values.long ? 'long' : 'short'
  const form = forms[formName]
  const loads = list(values.loads) ?? form.loads
  const chosen = list(values.peers)
  const unknown = [...loads.filter((load) => !(load in workloads)), ...(chosen ?? []).filter((peer) => !known.includes(peer))]
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')} (see --help)`)
  const endMs = values.at === undefined || values.at === 'now' ? null : Date.parse(values.at)
  if (Number.isNaN(endMs)) throw new Error(`--at ${values.at} is not a time`)
  return {
    form: formName,
    loads,
    peers: chosen ?? known.filter((peer) => loads.some((load) => form.peersOf(load).includes(peer))),
    peersOf: chosen === undefined ? form.peersOf : () => chosen,
    only: values.only === undefined ? null : new RegExp(values.only),
    runs: Number(values.runs ?? form.runs),
    calls: Number(values.calls ?? form.calls),
    seconds: Number(values.seconds ?? form.seconds),
    connections: Number(values.connections ?? 4),
    endMs,
    program: values.program ?? ownProgram,
    build: !values['no-build'],
    profile: values.profile,
    render: values.render,
    add: values.add,
    readme: values.readme,
    out: values.out ?? join(results, `${formName}.json`),
  }
}
