import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { configCommand } from './config-command.ts'

test('no secret is printed, nor the password within an address', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'bw-config-')), 'bellwether.yaml')
  writeFileSync(
    file,
    [
      'admin_password: squirrel-1',
      'admin_token: squirrel-2',
      'postgres_url: postgres://bell:squirrel-3@db.example:5432/bell',
      'clickhouse_url: http://ch.example:8123/?user=bell&password=squirrel-4',
    ].join('\n'),
  )
  let out = ''
  const code = await configCommand.run({
    options: { config: file },
    positionals: [],
    print: (line) => void (out += `${line}\n`),
    complain: () => undefined,
    stop: new AbortController().signal,
  })
  expect(code).toBe(0)
  expect(out).not.toContain('squirrel')
  expect(out).toContain('postgres_url: postgres://bell:***@db.example:5432/bell\n')
  expect(out).toContain('clickhouse_url: http://ch.example:8123/?user=bell&password=***\n')
})
