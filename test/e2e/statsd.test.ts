/** The started program as a StatsD server: a taken port is a warning, an orderly stop loses nothing, the answers are there after it. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startBellwether, type RunningBellwether } from '../support/bellwether.ts'
import { asker } from '../support/prometheus-api.ts'
import { until } from '../support/wait.ts'

async function bound(): Promise<{ socket: Socket; port: number }> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { socket, port: socket.address().port }
}

async function listenerOf(program: RunningBellwether): Promise<{ state: string; detail: string | null }> {
  const answer = await program.fetch('/api/0/system/status')
  const { components } = (await answer.json()) as { components: { name: string; state: string; detail: string | null }[] }
  return components.find(({ name }) => name === 'statsd') ?? { state: 'absent', detail: null }
}

async function datagramsOf(program: RunningBellwether): Promise<number> {
  const text = await (await program.fetch('/metrics')).text()
  return Number(/^bellwether_statsd_datagrams_total (\d+)/m.exec(text)?.[1] ?? 0)
}

test('lines that came before an orderly stop are answered after it', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-statsd-'))
  const { socket, port } = await bound()
  const environment = { BELLWETHER_STATSD_PORT: String(port), BELLWETHER_SELF_WATCH: 'off', BELLWETHER_AGGREGATE_INTERVAL: '60' }
  try {
    {
      await using program = await startBellwether({ dataDir, environment })
      expect(program.stderr()).toContain(`statsd does not listen: port ${port} is in use`)
      expect(await listenerOf(program)).toMatchObject({ state: 'degraded', detail: expect.stringContaining('in use') as string })
      const closed = once(socket, 'close')
      socket.close()
      await closed
    }
    {
      await using program = await startBellwether({ dataDir, environment })
      expect(await listenerOf(program)).toMatchObject({ state: 'ok' })
      const sender = createSocket('udp4')
      sender.send('orders:3|c\norders:4|c\nvisitors:alice|s\nvisitors:bob|s', port, '127.0.0.1')
      await until('the datagram has come', async () => (await datagramsOf(program)) === 1)
      sender.close()
      expect(await program.stop()).toBe(0)
    }
    await using program = await startBellwether({ dataDir, environment })
    const ask = asker(program.url, program.adminToken)
    const value = async (query: string): Promise<unknown> => (await ask('/api/v1/query', { query })).data?.result
    expect(await value('last_over_time(orders[1h])')).toMatchObject([{ value: [expect.anything(), '7'] }])
    expect(await value('increase(orders[1h] anchored)')).toMatchObject([{ value: [expect.anything(), '7'] }])
    expect(await value('last_over_time(visitors[1h])')).toMatchObject([{ value: [expect.anything(), '2'] }])
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
})
