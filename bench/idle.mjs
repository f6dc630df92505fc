/**
 * `npm run bench`: what Bellwether costs when nobody uses it. Starts the built program on a fresh data directory (cold), stops it,
 * starts it again (warm), lets it settle, and measures memory and CPU of all its processes. `--settle <s>` and `--measure <s>`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { build } from '../scripts/build.mjs'
import { memoryMib, processTree, roleOf } from './process-tree.mjs'
import { startProgram } from './program.mjs'

const options = { settle: { type: 'string', default: '30' }, measure: { type: 'string', default: '60' } }
const { values } = parseArgs({ options })

async function stop({ child, ended }) {
  child.kill('SIGTERM')
  await ended
}

function byRole(rootPid) {
  const roles = new Map()
  for (const { pid, cpuSec } of processTree(rootPid)) {
    const role = roleOf(pid, rootPid)
    const { rss, pss } = memoryMib(pid)
    const sum = roles.get(role) ?? { processes: 0, rss: 0, pss: 0, cpuSec: 0 }
    roles.set(role, { processes: sum.processes + 1, rss: sum.rss + rss, pss: sum.pss + pss, cpuSec: sum.cpuSec + cpuSec })
  }
  return roles
}

function total(roles) {
  const sum = { processes: 0, rss: 0, pss: 0, cpuSec: 0 }
  for (const role of roles.values()) for (const key of Object.keys(sum)) sum[key] += role[key]
  return sum
}

if (!(await build({ quiet: true }))) process.exit(1)
const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-idle-'))
const measureSec = Number(values.measure)
const cold = await startProgram(dataDir)
await stop(cold)
const warm = await startProgram(dataDir)
try {
  await sleep(Number(values.settle) * 1000)
  const before = byRole(warm.child.pid)
  await sleep(measureSec * 1000)
  const after = byRole(warm.child.pid)
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? '?'}, ${(totalmem() / 1024 ** 3).toFixed(0)} GiB, Node ${process.version}`
  console.log(`${machine}, load ${loadavg()[0].toFixed(2)}`)
  console.log(`ready after ${cold.readySec.toFixed(1)} s (empty data directory), ${warm.readySec.toFixed(1)} s (warm)\n`)
  console.log('| part | processes | RSS MiB | PSS MiB | CPU % of a core |\n|---|---|---|---|---|')
  for (const [role, sum] of [...after, ['all', total(after)]]) {
    const cpuBefore = role === 'all' ? total(before).cpuSec : (before.get(role)?.cpuSec ?? 0)
    const cpuPercent = (100 * (sum.cpuSec - cpuBefore)) / measureSec
    console.log(`| ${role} | ${sum.processes} | ${sum.rss.toFixed(0)} | ${sum.pss.toFixed(0)} | ${cpuPercent.toFixed(1)} |`)
  }
} finally {
  await stop(warm)
  rmSync(dataDir, { recursive: true, force: true })
}
