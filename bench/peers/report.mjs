/** The report as Markdown. Every figure is a median over the runs (passes, for queries); a range behind one is its least and most. */
import { goals, medianOf, queryMedian, verdictOf } from './goals.mjs'

/** A whole report: what was measured on what, the goals, the loads, the queries, the answers. */
export function renderReport(report) {
  const loads = Object.entries(report.loads)
  return [heading(report), goalTable(report), ...loads.map(loadTable), ...loads.map(queryTable), ...loads.map(answerTable)]
    .filter((part) => part !== '')
    .join('\n\n')
}

function heading({ form, loads }) {
  const all = Object.values(loads)
  const last = all.at(-1)
  if (last === undefined) return 'Nothing was measured.'
  const { machine } = last
  const versions = new Map(
    all.flatMap(({ servers }) => servers.map(({ server, product, version }) => [server, `${server} = ${product} ${version}`])),
  )
  const busy = all.map((load) => load.machine.loadAverage.toFixed(1)).join(', ')
  const skipped = Object.entries(loads).flatMap(([name, load]) =>
    load.skipped.map(({ peer, reason }) => `- skipped: ${peer} in ${name}: ${reason}`),
  )
  return [
    `${form} form, ${machine.atIso.slice(0, 16).replace('T', ' ')} UTC, ${machine.cores} × ${machine.cpu}, ${machine.memoryGib} GiB, Node ${machine.node};`,
    `load average before each load ${busy}; ${[...versions.values()].join(', ')}.`,
    ...(skipped.length > 0 ? ['', ...skipped] : []),
  ].join('\n')
}

/** Cells must have no bars. */
export function markdownTable(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

const number = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits) : '–')
const short = (value) => (value >= 100 ? number(value, 0) : number(value, value >= 10 ? 1 : 2))

function goalTable(report) {
  const rows = goals.map((goal) => {
    const value = goal.valueOf(report)
    const verdict = verdictOf(goal, value)
    const shown = verdict === 'not measured' ? ['–', ''] : [short(value), goal.detailOf(report)]
    return [
      goal.work,
      goal.measure,
      shown[0],
      String(goal.must),
      String(goal.goal),
      verdict === 'MISSED' ? '**MISSED**' : verdict,
      shown[1],
    ]
  })
  return `#### Goals\n\n${markdownTable(['work', 'measure', 'is', 'must', 'goal', '', ''], rows)}`
}

function serversOf(load) {
  return [...new Set(load.runs.map(({ server }) => server))]
}

function spread(load, server, field) {
  const values = load.runs.filter((run) => run.server === server).map((run) => run[field])
  const middle = number(medianOf(load, server, field), 2)
  return values.length < 2 ? middle : `${middle} (${number(Math.min(...values), 2)}–${number(Math.max(...values), 2)})`
}

function loadTable([name, load]) {
  const rows = serversOf(load).map((server) => {
    const of = (field) => medianOf(load, server, field)
    const lost = load.runs.filter((run) => run.server === server).flatMap((run) => run.lossProblems)
    const problems = load.runs.filter((run) => run.server === server && (run.failures > 0 || !run.cameToRest)).length
    return [
      server,
      spread(load, server, 'steadyCpuSec'),
      spread(load, server, 'allCpuSec'),
      number(of('restedCpuSec'), 2),
      number(of('ratePerSec') / 1e6, 2),
      `${number(of('p50Ms'), 1)} / ${number(of('p95Ms'), 1)}`,
      `${number(of('emptyRssMib'), 0)} / ${number(of('peakRssMib'), 0)} / ${number(of('idleRssMib'), 0)}`,
      number(of('idlePssMib'), 0),
      number(of('bytesPerSample'), 2),
      number(of('wholeBytesPerSample'), 2),
      lost.length > 0 ? `**${lost[0]}**` : problems > 0 ? `${problems} runs with errors or no rest` : 'all there',
    ]
  })
  const head = [
    'server',
    'CPU s/M steady',
    'CPU s/M all',
    'before the merge',
    'M samples/s',
    'request p50 / p95 ms',
    'RSS MiB empty / peak / at rest',
    'PSS MiB at rest',
    'B a sample, growth',
    'whole directory',
    'read back',
  ]
  const columns = columnText(load)
  const size = `${(load.samples / 1e6).toFixed(2)} M samples, ${load.series.toLocaleString('en')} series`
  return `#### Load ${name}\n\n${load.about}; ${size}.\n\n${markdownTable(head, rows)}${columns === '' ? '' : `\n\n${columns}`}`
}

/** What the engine's own files say of the last run of ours. */
function columnText(load) {
  const disk = load.runs.findLast(({ server }) => server === 'bellwether')?.disk
  if (disk?.columns === undefined) return ''
  const perSample = (bytes) => (bytes / load.samples).toFixed(3)
  const columns = Object.entries(disk.columns).map(([column, bytes]) => `${column} ${perSample(bytes)}`)
  const all = Object.values(disk.columns).reduce((sum, bytes) => sum + bytes, 0)
  return `Columns of \`samples\` in ${disk.samplesParts} parts, bytes a sample: ${columns.join(', ')}; together ${perSample(all)}.`
}

function queryTable([name, load]) {
  if (load.queries.length === 0) return ''
  const servers = [...new Set(load.queries.map(({ server }) => server))]
  const queries = [...new Set(load.queries.map(({ query }) => query))]
  const ratio = (query, peer) => {
    const p50 = (server) => queryMedian(load, { server, query, field: 'p50Ms' })
    return peer === 'bellwether' ? [] : [number(p50('bellwether') / p50(peer), 2)]
  }
  const cell = (query, server) => {
    const of = (field) => queryMedian(load, { server, query, field })
    return Number.isNaN(of('p50Ms')) ? 'no answer' : `${short(of('p50Ms'))} / ${short(of('p95Ms'))} / ${short(of('cpuMs'))}`
  }
  const against = ['vm', 'prom'].filter((peer) => servers.includes(peer) && servers.includes('bellwether'))
  const rows = queries.map((query) => [
    query,
    ...servers.map((server) => cell(query, server)),
    ...against.flatMap((peer) => ratio(query, peer)),
  ])
  const later = (load.later ?? []).map(({ server, cpuSec, isDone, bytesPerSample }) => {
    const end = isDone ? '' : ', and they were not done when the queries began'
    return `Rollups of ${server}, made after the load and before these queries: ${number(cpuSec, 2)} CPU s/M; with them the directory grew by ${number(bytesPerSample, 2)} B a sample${end}.`
  })
  const memory = load.memory.map(({ server, rss, pss }) => `${server} ${rss.toFixed(0)} (PSS ${pss.toFixed(0)})`)
  return [
    `#### Queries over ${name}`,
    ['p50 / p95 / CPU of all processes, ms a query.', ...later].join(' '),
    markdownTable(['query', ...servers, ...against.map((peer) => `p50 × ${peer}`)], rows),
    `RSS of all processes after the queries, MiB: ${memory.join(', ')}.`,
  ].join('\n\n')
}

function answerTable([name, load]) {
  if (load.answers.length === 0) return ''
  const { reference } = load.answers[0]
  const others = load.answers.filter(({ server }) => server !== reference)
  const servers = [...new Set(others.map(({ server }) => server))]
  const sums = servers.map((server) => {
    const mine = others.filter((answer) => answer.server === server)
    return `${server} ${mine.filter(({ equal }) => equal).length} of ${mine.length}`
  })
  const rows = others
    .filter(({ equal }) => !equal)
    .map((answer) => [
      answer.query,
      answer.keepsNames ? `${answer.server} (keeps names)` : answer.server,
      `${answer.missingSeries} / ${answer.extraSeries}`,
      `${answer.missingPoints} / ${answer.extraPoints}`,
      `${answer.different} of ${answer.compared}`,
      Number.isFinite(answer.worst) ? answer.worst.toExponential(1) : 'not a number',
    ])
  const head = ['query', 'server', 'series missing / extra', 'points missing / extra', 'values apart', 'furthest, relative']
  return [
    `#### Answers over ${name}`,
    `Compared with those of ${reference}, value by value, within 1e-9 relative. The same: ${sums.join(', ')}.`,
    ...(rows.length > 0 ? [markdownTable(head, rows)] : []),
  ].join('\n\n')
}
