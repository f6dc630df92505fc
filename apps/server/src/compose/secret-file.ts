/** Random values that must be the same at every start, each in a file of the data directory that only its owner may read. */
import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** The secret of that name, made on first use: 64 hexadecimal digits. */
export function secretFile(dataDir: string, name: string): string {
  const path = join(dataDir, `${name}.secret`)
  try {
    const found = readFileSync(path, 'utf8').trim()
    if (found !== '') return found
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  const made = randomBytes(32).toString('hex')
  const file = openSync(`${path}.new`, 'w', 0o600)
  writeSync(file, `${made}\n`)
  fsyncSync(file)
  closeSync(file)
  renameSync(`${path}.new`, path)
  return made
}
