/** What the figures were measured on. */
import { spawnSync } from 'node:child_process'
import { cpus, loadavg, totalmem } from 'node:os'
import { dirname } from 'node:path'

/** Load average first: a busy machine makes times long and leaves CPU seconds nearly as they are. */
export function machineNow() {
  return {
    atIso: new Date().toISOString(),
    loadAverage: loadavg()[0],
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    node: process.version,
  }
}

/** The commit of the tree that a program is part of, with a plus when something in it was changed since. */
export function revision(program) {
  const git = (...args) => spawnSync('git', ['-C', dirname(program), ...args], { encoding: 'utf8' }).stdout.trim()
  const commit = git('rev-parse', '--short', 'HEAD')
  if (commit === '') return 'unknown'
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', ':/apps/server/src', ':/packages')
  return changed === '' ? commit : `${commit}+`
}
