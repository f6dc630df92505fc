import { createServer } from 'node:net'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkNode } from '../../../apps/server/src/engines/doctor.ts'
import { diagnose, openDataDirectory } from '../../../apps/server/src/engines/index.ts'
import { startClickHouseServer } from './clickhouse-server.ts'
import { engineFolder } from './engine-folder.ts'

const embedded = { clickhouseUrl: null, postgresUrl: null }

test('on a machine where all is well, nothing fails', async () => {
  using folder = engineFolder()
  const checks = await diagnose({
    ...embedded,
    dataDir: join(folder.path, 'data'),
    listeners: [{ name: 'HTTP', host: '127.0.0.1', port: 0, required: true }],
  })
  expect(checks.map((check) => check.name)).toEqual([
    'Node.js',
    'Memory',
    'Data directory',
    'Disk space',
    'ClickHouse (embedded)',
    'PostgreSQL (embedded)',
  ])
  expect(checks.filter((check) => check.status === 'fail')).toEqual([])
})

test('what would stop a start is found beforehand, each with what to do', async () => {
  using folder = engineFolder()
  const file = join(folder.path, 'file')
  writeFileSync(file, '')
  const busy = createServer().listen(0, '127.0.0.1')
  await once(busy, 'listening')
  const address = busy.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const checks = await diagnose({
    dataDir: file,
    clickhouseUrl: 'http://127.0.0.1:1',
    postgresUrl: 'postgresql://nobody@127.0.0.1:1/x',
    listeners: [
      { name: 'HTTP', host: '127.0.0.1', port, required: true },
      { name: 'OTLP', host: '127.0.0.1', port, required: false },
    ],
  })
  busy.close()
  const byName = Object.fromEntries(checks.map((check) => [check.name, check]))
  expect(byName['Data directory']).toMatchObject({ status: 'fail', detail: expect.stringContaining('not a directory') })
  expect(byName['ClickHouse (address)']).toMatchObject({ status: 'fail', fix: expect.stringContaining('BELLWETHER_CLICKHOUSE_URL') })
  expect(byName['PostgreSQL (address)']).toMatchObject({ status: 'fail', fix: expect.stringContaining('BELLWETHER_POSTGRES_URL') })
  expect(byName[`Port ${port} (HTTP)`]).toMatchObject({ status: 'fail', detail: expect.stringContaining('in use') })
  expect(byName[`Port ${port} (OTLP)`]).toMatchObject({ status: 'warn' })
  for (const check of checks) if (check.status !== 'ok') expect(check.fix, check.name).not.toBeNull()
})

test('a running program and a reachable server are seen', async () => {
  using folder = engineFolder()
  await using server = await startClickHouseServer()
  await using directory = await openDataDirectory(folder.path)
  const checks = await diagnose({ ...embedded, clickhouseUrl: server.url, dataDir: directory.path, listeners: [] })
  expect(checks.find((check) => check.name === 'Data directory')).toMatchObject({
    status: 'warn',
    detail: expect.stringContaining(`process ${process.pid}`),
  })
  expect(checks.find((check) => check.name === 'ClickHouse (address)')).toMatchObject({ status: 'ok' })
})

test('Node: the floor and above', () => {
  expect(checkNode('20.19.0').status).toBe('ok')
  expect(checkNode('24.1.0').status).toBe('ok')
  expect(checkNode('20.18.3').status).toBe('fail')
  expect(checkNode('18.20.0')).toMatchObject({ status: 'fail', fix: expect.stringContaining('20.19') })
})
