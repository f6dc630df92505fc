/** A checkout below a closed folder, as `/root` is: also PostgreSQL's own programs are out of reach for the user that they run as. */
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findPostgres } from '../../../apps/server/src/engines/postgres/binaries.ts'
import { openCluster } from '../../../apps/server/src/engines/postgres/cluster.ts'
import { decideRunAs } from '../../../apps/server/src/engines/postgres/run-as.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'

test('PostgreSQL can be set up where programs and data are below a closed folder', async () => {
  const closed = mkdtempSync(join(tmpdir(), 'bellwether-closed-'))
  chmodSync(closed, 0o700)
  try {
    const folder = join(closed, 'native')
    cpSync(findPostgres().folder, folder, { recursive: true, verbatimSymlinks: true })
    const binaries = { folder, initdb: join(folder, 'bin/initdb'), postgres: join(folder, 'bin/postgres') }
    const dataDir = join(closed, 'data')
    mkdirSync(dataDir)
    const runAs = decideRunAs([join(dataDir, 'postgres'), binaries.postgres], silentLogger)
    const cluster = await openCluster(dataDir, binaries, runAs)
    expect(existsSync(join(cluster.data, 'PG_VERSION'))).toBe(true)
    cluster.forget()
  } finally {
    rmSync(closed, { recursive: true, force: true })
  }
})
