/** Memory and CPU of a process and everything below it, from /proc (Linux). */
import { readdirSync, readFileSync } from 'node:fs'

const ticksPerSec = 100

function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { pid, parentPid: Number(fields[1]), cpuSec: (Number(fields[11]) + Number(fields[12])) / ticksPerSec }
  } catch {
    return null
  }
}

/** The processes of the tree: `{ pid, parentPid, cpuSec }`. */
export function processTree(rootPid) {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((stat) => stat !== null)
  const tree = all.filter(({ pid }) => pid === rootPid)
  for (const parent of tree) tree.push(...all.filter(({ parentPid }) => parentPid === parent.pid))
  return tree
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
