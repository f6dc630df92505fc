import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

import { loadConfig } from './load.ts'
import { Secret } from './secret.ts'

function load(environment: Record<string, string>, file: string | null = null) {
  return loadConfig({ environment, file })
}

describe('settings', () => {
  test('defaults are the contract', () => {
    const result = load({})
    expect(result).toMatchObject({
      ok: true,
      config: {
        host: '127.0.0.1',
        port: 4400,
        anonymousIngest: 'loopback',
        otlpGrpcPort: 4317,
        otlpHttpPort: 4318,
        clickhouseUrl: null,
        adminToken: null,
      },
    })
  })

  const wrong: [string, string, RegExp][] = [
    ['BELLWETHER_PORT', 'http', /whole number from 0 to 65535/],
    ['BELLWETHER_PORT', '70000', /whole number from 0 to 65535/],
    ['BELLWETHER_INGEST_KEY', 'ABC', /32 hexadecimal/],
    ['BELLWETHER_ANONYMOUS_INGEST', 'on', /'loopback' or 'off'/],
    ['BELLWETHER_CLICKHOUSE_URL', 'localhost:8123', /http:\/\/ or https:\/\//],
    ['BELLWETHER_POSTGRES_URL', 'http://x', /postgres:\/\//],
    ['BELLWETHER_ADMIN_PASSWORD', 'short', /at least 8/],
    ['BELLWETHER_INGEST_LOG_MAX', '4 apples', /such as 512MiB/],
  ]
  test.each(wrong)('%s=%s is refused with what is allowed', (name, value, message) => {
    const result = load({ [name]: value })
    expect(result.ok).toBe(false)
    if (result.ok) return
    expect(result.problems).toHaveLength(1)
    expect(result.problems[0]).toMatchObject({ setting: name, source: 'environment' })
    expect(result.problems[0]?.message).toMatch(message)
  })

  test('every problem is reported, not the first alone', () => {
    const result = load({ BELLWETHER_PORT: 'x', BELLWETHER_INGEST_KEY: 'y' })
    expect(result.ok ? [] : result.problems.map((problem) => problem.setting)).toEqual(['BELLWETHER_PORT', 'BELLWETHER_INGEST_KEY'])
  })

  test('a file is read, the environment wins, and each source is known', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'bw-config-')), 'bellwether.yaml')
    writeFileSync(file, 'port: 5000\nhost: 0.0.0.0\n')
    const result = load({ BELLWETHER_PORT: '6000' }, file)
    expect(result).toMatchObject({ ok: true, config: { port: 6000, host: '0.0.0.0' } })
    expect(result.ok && result.sources.get('BELLWETHER_HOST')).toBe(file)
  })

  test('a misspelt name is a warning with the likely one', () => {
    const result = load({ BELLWETHER_PROT: '1' })
    expect(result.ok && result.warnings[0]?.message).toMatch(/did you mean BELLWETHER_PORT/)
  })

  test('a PostgreSQL on a socket has an address too', () => {
    const address = 'postgres://someone:secret@/bellwether?host=/run/postgresql'
    expect(load({ BELLWETHER_POSTGRES_URL: address })).toMatchObject({ ok: true, config: { postgresUrl: address } })
  })

  test('sizes have binary units', () => {
    expect(load({ BELLWETHER_INGEST_LOG_MAX: '1.5GiB' })).toMatchObject({ config: { logSizeBytesMax: 1.5 * 1024 ** 3 } })
  })

  test('a secret does not print itself', () => {
    expect(`${new Secret('hidden')} ${JSON.stringify({ a: new Secret('hidden') })}`).not.toContain('hidden')
  })
})
