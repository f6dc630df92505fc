/** Reads V8's CPU profiles: self time by function, and by the part of the program that it belongs to. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** First match wins. What has no file of its own (native functions) belongs to its caller's group. */
const groups = [
  ['decode', /\/dist\/protocols\/|^wasm:|\/node_modules\/(snappy|@napi-rs\/snappy|fzstd)/],
  ['log (spool)', /\/dist\/ingest\/log\/|node:(internal\/)?fs/],
  ['writer', /\/dist\/ingest\/writer\/|\/dist\/engines\/clickhouse\/native\//],
  ['admission, counters', /\/dist\/ingest\//],
  ['series', /\/dist\/metrics\/series\//],
  ['head and store', /\/dist\/metrics\/samples\//],
  ['metrics', /\/dist\/metrics\//],
  ['promql', /\/dist\/(promql|query)\//],
  ['engine client', /\/dist\/engines\/|\/node_modules\/@clickhouse\//],
  ['accounts', /\/dist\/accounts\/|\/node_modules\/(pg|kysely|better-auth)/],
  ['api', /\/dist\/api\//],
  [
    'http',
    /\/dist\/compose\/|\/node_modules\/(fastify|@fastify|find-my-way|light-my-request)|node:(_?http|net|stream|internal\/(stream|http|js_stream))/,
  ],
  ['node', /^node:/],
]

/** What V8 names instead of a function; null is left out. */
const special = new Map([
  ['(garbage collector)', 'gc'],
  ['(program)', 'native, no stack'],
  ['(idle)', null],
])

function groupOf(node, callerGroup) {
  const { functionName, url } = node.callFrame
  if (special.has(functionName)) return special.get(functionName)
  if (url === '') return callerGroup
  return groups.find(([, pattern]) => pattern.test(url))?.[0] ?? 'other'
}

/**
 * `[{ thread, group, function, selfMs }]` of all profiles in a folder, of the time from `fromMs` to `toMs` (on `process.hrtime`).
 * A thread is `main` or `worker`.
 */
export function readProfiles(folder, { fromMs, toMs }) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .flatMap((name) => {
      const thread = /\.(\d+)\.\d+\.cpuprofile$/.exec(name)?.[1] === '0' ? 'main' : 'worker'
      return selfTimes(JSON.parse(readFileSync(join(folder, name), 'utf8')), { fromMs, toMs }).map((row) => ({ thread, ...row }))
    })
}

function selfTimes(profile, { fromMs, toMs }) {
  const nodes = new Map(profile.nodes.map((node) => [node.id, { ...node, selfMs: 0, group: 'other' }]))
  assignGroups(nodes, profile.nodes[0].id)
  let atMs = profile.startTime / 1000
  profile.samples.forEach((id, index) => {
    const tookMs = profile.timeDeltas[index] / 1000
    atMs += tookMs
    if (atMs >= fromMs && atMs <= toMs) nodes.get(id).selfMs += tookMs
  })
  return [...nodes.values()]
    .filter(({ selfMs, group }) => selfMs > 0 && group !== null)
    .map(({ callFrame, group, selfMs }) => ({ group, function: nameOf(callFrame), selfMs }))
}

function assignGroups(nodes, rootId) {
  const waiting = [[rootId, 'other']]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [id, callerGroup] = next
    const node = nodes.get(id)
    node.group = groupOf(node, callerGroup)
    for (const child of node.children ?? []) waiting.push([child, node.group ?? 'other'])
  }
}

function nameOf({ functionName, url, lineNumber }) {
  const file = url.replace(/^.*\/(dist|node_modules)\//, '')
  return `${functionName === '' ? '(anonymous)' : functionName}${file === '' ? '' : ` ${file}:${lineNumber + 1}`}`
}
