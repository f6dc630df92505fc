/** Folders for the tests of the engines. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A data directory of its own. It is closed to other users, which is the harder case for PostgreSQL when the tests run as root. */
export function engineFolder(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'bellwether-engines-'))
  return {
    path,
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}
