/** Memory and CPU of a process and everything below it, from /proc (Linux). */
import { readdirSync, readFileSync } from 'node:fs'

const ticksPerSec = 100
const pageKib = 4

function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const secondsOf = (field) => Number(fields[field]) / ticksPerSec
    return { pid, parentPid: Number(fields[1]), cpuSec: secondsOf(11) + secondsOf(12), endedSec: secondsOf(13) + secondsOf(14) }
  } catch {
    return null
  }
}

/** The processes of the tree: `{ pid, parentPid, cpuSec, endedSec }`; `endedSec` is CPU of children that have ended and were waited for. */
export function processTree(rootPid) {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((stat) => stat !== null)
  const tree = all.filter(({ pid }) => pid === rootPid)
  for (const parent of tree) tree.push(...all.filter(({ parentPid }) => parentPid === parent.pid))
  return tree
}

/** CPU seconds of the whole tree so far, user and system, those of children that have ended included. Resolution 10 ms. */
export function treeCpuSec(rootPid) {
  return processTree(rootPid).reduce((sum, { cpuSec, endedSec }) => sum + cpuSec + endedSec, 0)
}

function kibOf(pid, file, field) {
  try {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/${file}`, 'utf8'))
    return found === null ? 0 : Number(found[1])
  } catch {
    return 0
  }
}

/** What kind of process it is, for the table. */
export function roleOf(pid, rootPid) {
  if (pid === rootPid) return 'bellwether'
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    return /child\.mjs/.test(command) ? 'ClickHouse' : /postgres/.test(command) ? 'PostgreSQL' : 'guards against orphans'
  } catch {
    return 'gone'
  }
}

/** `rss` counts shared pages in every process that has them; `pss` shares them out, and is what the machine really gives up. MiB. */
export function memoryMib(pid) {
  return { rss: kibOf(pid, 'status', 'VmRSS') / 1024, pss: kibOf(pid, 'smaps_rollup', 'Pss') / 1024 }
}

/** `memoryMib` summed over the tree. The kernel walks every page table for it: not for a loop. */
export function treeMemoryMib(rootPid) {
  const sum = { rss: 0, pss: 0 }
  for (const { pid } of processTree(rootPid)) {
    const { rss, pss } = memoryMib(pid)
    sum.rss += rss
    sum.pss += pss
  }
  return sum
}

/** RSS of the tree, MiB, at the price of one small file a process: for sampling. */
export function treeRssMib(rootPid) {
  let pages = 0
  for (const { pid } of processTree(rootPid)) {
    try {
      pages += Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])
    } catch {
      // It has just ended.
    }
  }
  return (pages * pageKib) / 1024
}
