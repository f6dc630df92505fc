/**
 * `node bench/log-decode.mjs [--lines 100000] [--runs 6]`: what a log line costs on one core from the build, from the unpacked body of a request
 * to a filled batch, and what looking for secrets adds. Beside it what `JSON.parse` alone takes for the same lines, because this machine is
 * seldom alone. CPU microseconds a line (= seconds a million), the best of some runs.
 *
 * 2026-11-21, 2 cores shared with other work (load average 4 to 18), Node 20.20: Loki protobuf 2.6, Loki JSON 3.4, JSON lines 2.0, OTLP 2.4;
 * scrubbing 0.5; JSON.parse 1.3.
 */
import { parseArgs } from 'node:util'
import { createEventDecoders } from '../apps/server/dist/protocols/event-decoders.js'
import { allSteps, EventSession } from '../apps/server/dist/protocols/event-session.js'
import { decompressSync } from '../apps/server/dist/protocols/body/decompress.js'
import { defaultProtocolLimits as limits } from '../apps/server/dist/protocols/limits.js'
import { CompiledPolicy, defaultPolicy } from '../apps/server/dist/scrubbing/compiled-policy.js'
import { ScrubbingStage } from '../apps/server/dist/scrubbing/stage.js'
import { formats, records } from './log-lines.mjs'

const { values } = parseArgs({ options: { lines: { type: 'string', default: '100000' }, runs: { type: 'string', default: '6' } } })
const lines = Number(values.lines)
const runs = Number(values.runs)
const perBody = 1000
const tenant = { organizationId: 1, projectId: 1 }
const nowMs = Date.now()
const decoders = createEventDecoders(limits)
const decoderOf = { 'loki-pb': 'lokiProtobuf', 'loki-json': 'lokiJson', jsonl: 'jsonLines', otlp: 'otlpLogsProtobuf' }

const made = [...records({ lines, startMs: nowMs - 3_600_000, spanMs: 3_600_000 })]
const parts = Array.from({ length: Math.ceil(lines / perBody) }, (_, at) => made.slice(at * perBody, (at + 1) * perBody))
const policy = new CompiledPolicy(defaultPolicy)
const scrubbing = new ScrubbingStage({ policyOf: () => policy })
const session = new EventSession({ prepare: () => undefined }, {})

/** CPU microseconds a line, the best of some runs. */
function measure(run) {
  let best = Infinity
  for (let at = 0; at < runs; at++) {
    const before = process.cpuUsage()
    run()
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / lines)
  }
  return best
}

function decodeAll(decoder, bodies, stage) {
  for (const body of bodies) {
    session.begin(tenant, 'bench', nowMs)
    allSteps(decoder.decode(body, session))
    const batch = session.logs
    if (batch.rows !== perBody) throw new Error(`${batch.rows} rows of ${perBody}`)
    stage?.apply(batch)
  }
}

for (const [name, format] of Object.entries(formats)) {
  const decoder = decoders[decoderOf[name]]
  const bodies = parts.map((part) => plainBody(format, part))
  const alone = measure(() => decodeAll(decoder, bodies, null))
  const scrubbed = measure(() => decodeAll(decoder, bodies, scrubbing))
  console.log(`${name}: ${alone.toFixed(2)} µs a line, with scrubbing ${scrubbed.toFixed(2)}`)
}
const texts = parts.map((part) => Buffer.from(part.map(({ fields }) => JSON.stringify(fields)).join('\n')))
const parsed = measure(() => {
  let sum = 0
  for (const body of texts) for (const text of body.toString('utf8').split('\n')) sum += JSON.parse(text).status
  return sum
})
console.log(`JSON.parse of the same lines: ${parsed.toFixed(2)} µs`)

function plainBody(format, part) {
  return decompressSync(format.encode(part), format === formats['loki-pb'] ? 'snappy' : 'identity', limits.decompressedBytesMax)
}
