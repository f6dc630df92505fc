/** The goals say what was reached, also of a report with little in it, and a report can be printed and put into a document. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { goals, verdictOf } from './goals.mjs'
import { rewriteSection } from './readme-section.mjs'
import { renderReport } from './report.mjs'

const machine = { atIso: '2026-11-21T12:00:00.000Z', loadAverage: 1, cores: 2, cpu: 'some', memoryGib: 8, node: 'v20.19.0' }
const run = (server, allCpuSec, more = {}) => ({
  server,
  run: 0,
  samples: 10,
  allCpuSec,
  steadyCpuSec: 1,
  restedCpuSec: 1,
  ratePerSec: 5e5,
  bytesPerSample: 1,
  failures: 0,
  cameToRest: true,
  errors: [],
  lossProblems: [],
  disk: {},
  ...more,
})
const query = (server, name, p50Ms) => ({
  server,
  query: name,
  set: '1h',
  pass: 0,
  error: null,
  p50Ms,
  p95Ms: p50Ms,
  cpuMs: 1,
  maxMs: p50Ms,
})
const load = { about: 'a test', samples: 10, series: 5, servers: [], skipped: [], queries: [], answers: [], memory: [], machine }
const report = {
  form: 'short',
  loads: {
    'rw-10k': { ...load, runs: [run('bellwether', 2), run('bellwether', 4), run('bellwether', 3), run('vm', 2), run('vm', 4)] },
    packed: {
      ...load,
      skipped: [{ peer: 'prom-old', reason: 'no program' }],
      runs: [run('bellwether', 1, { lossProblems: ['up: 9 of 10 samples'] }), run('vm', 2), run('prom', 2)],
      queries: [
        query('bellwether', 'a', 8),
        query('vm', 'a', 1),
        query('prom', 'a', 2),
        query('bellwether', 'b', 1),
        query('vm', 'b', 1),
        query('prom', 'b', 1),
      ],
    },
  },
}
const valueOf = (work) => goals.find((goal) => goal.work === work).valueOf(report)

test('ratios are of medians and of geometric means', () => {
  expect(valueOf('remote write, 10 k series')).toBe(1)
  expect(valueOf('packed backfill, 60 samples a series')).toBe(0.5)
  expect(valueOf('1 h range queries')).toBe(2)
  expect(valueOf('1 h range queries, the worst')).toBe(8)
})

test('what was not measured is not reached', () => {
  const verdicts = goals.map((goal) => verdictOf(goal, goal.valueOf({ form: 'short', loads: {} })))
  expect(new Set(verdicts)).toEqual(new Set(['not measured']))
  expect([0.6, 0.9, 1.1, Infinity].map((value) => verdictOf({ must: 1, goal: 0.75 }, value))).toEqual(['goal', 'must', 'MISSED', 'MISSED'])
})

test('a query that ours does not answer misses its goal; one that the peer does not answer leaves it unmeasured', () => {
  const goal = goals.find(({ work }) => work === '1 h range queries')
  const valueWithout = (server) => {
    const fails = (row) => row.server === server && row.query === 'a'
    const queries = report.loads.packed.queries.map((row) => (fails(row) ? { ...row, error: '503' } : row))
    return goal.valueOf({ loads: { packed: { ...report.loads.packed, queries } } })
  }
  expect(verdictOf(goal, valueWithout('bellwether'))).toBe('MISSED')
  expect(verdictOf(goal, valueWithout('prom'))).toBe('not measured')
})

test('the report names losses, misses and what was skipped', () => {
  const text = renderReport(report)
  expect(text).toContain('**up: 9 of 10 samples**')
  expect(text).toContain('skipped: prom-old in packed: no program')
  expect(text).toMatch(/1 h range queries, the worst \|.*\*\*MISSED\*\*/)
})

test('a section of a document is replaced, and again, and nothing else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-section-'))
  const path = join(folder, 'README.md')
  try {
    writeFileSync(path, 'before\n<!-- peers short -->\n<!-- end of peers short -->\nafter\n')
    rewriteSection(path, 'peers short', 'one')
    rewriteSection(path, 'peers short', 'two $& $1')
    expect(readFileSync(path, 'utf8')).toBe('before\n<!-- peers short -->\ntwo $& $1\n<!-- end of peers short -->\nafter\n')
    expect(() => rewriteSection(path, 'peers long', 'three')).toThrow('no section')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
