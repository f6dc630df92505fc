/** Says in a few milliseconds whether sources changed: one hash over the names and contents of all their files. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const ignoredNames = new Set(['node_modules', 'dist', '.git', '.DS_Store'])

/** Every file below `path` (or `path` itself), sorted by name, so that the order never depends on the disk. */
export function filesBelow(path) {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return []
  if (stat.isFile()) return [path]
  return readdirSync(path)
    .filter((name) => !ignoredNames.has(name) && !name.endsWith('.tsbuildinfo'))
    .toSorted()
    .flatMap((name) => filesBelow(join(path, name)))
}

/** Hexadecimal hash of everything below `paths`; tests are left out because no build product depends on them. */
export function sourceHash(root, paths) {
  const hash = createHash('sha256')
  for (const path of paths) {
    for (const file of filesBelow(join(root, path))) {
      if (/\.test\.tsx?$/.test(file)) continue
      hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0')
    }
  }
  return hash.digest('hex')
}
