/** Processes as the system sees them: who is whose child, how much memory they use. Reads /proc where there is one, else asks `ps`. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

export interface ProcessInfo {
  readonly pid: number
  readonly parentPid: number
  /** The command line, words separated by spaces. */
  readonly command: string
}

function processFromProc(pid: number): ProcessInfo | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold anything; the fields begin after the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z') return null
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return { pid, parentPid: Number(fields[1]), command }
  } catch {
    return null
  }
}

function allProcesses(): ProcessInfo[] {
  if (existsSync('/proc/self/stat')) {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    return pids.map((pid) => processFromProc(Number(pid))).filter((info) => info !== null)
  }
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,command='], { encoding: 'utf8' }).trim().split('\n')
  return lines.map((line) => {
    const [, pid = '', parentPid = '', command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    return { pid: Number(pid), parentPid: Number(parentPid), command }
  })
}

/** `pid` and everything below it, parents before children. Empty when it is gone. */
export function processTree(pid: number): ProcessInfo[] {
  const all = allProcesses()
  const tree = all.filter((info) => info.pid === pid)
  for (let index = 0; index < tree.length; index++) {
    const parent = tree[index]
    tree.push(...all.filter((info) => info.parentPid === parent?.pid))
  }
  return tree
}

export function isAlive(pid: number): boolean {
  if (existsSync('/proc/self/stat')) return processFromProc(pid) !== null
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
