import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { deliver, type DeliveryOptions } from './deliver.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

async function answering(answers: readonly { status: number; body: string }[]): Promise<string> {
  let next = 0
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const { status, body } = answers[Math.min(next++, answers.length - 1)] ?? { status: 500, body: '' }
      response.writeHead(status).end(body)
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}

function options(address: string, waits: number[] = []): DeliveryOptions {
  const sleep = (ms: number): Promise<void> => Promise.resolve(void waits.push(ms))
  const stop = new AbortController().signal
  return { address, key: null, clock: { sleep }, stop, attemptsMax: 20, unansweredMax: 6, complain: () => undefined }
}

test('where nobody answers it is given up within half a minute', async () => {
  const address = await answering([])
  servers.splice(0)[0]?.close()
  const waits: number[] = []
  await expect(deliver(['{}'], options(address, waits))).rejects.toMatchObject({ code: 'send.not_reachable' })
  expect(waits.length).toBe(5)
  expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(30_000)
})

test('one that has no room is asked for longer', async () => {
  const busy = { status: 429, body: '{}' }
  const address = await answering([...Array.from({ length: 10 }, () => busy), { status: 200, body: '{"accepted":1}' }])
  expect(await deliver(['{}'], options(address))).toEqual({ accepted: 1, refused: new Map() })
})

test('what is refused is told by reason', async () => {
  const address = await answering([{ status: 200, body: '{"accepted":1,"refused":{"too_old":2,"too_new":1}}' }])
  const refused = new Map([
    ['too_old', 2],
    ['too_new', 1],
  ])
  expect(await deliver(['{}', '{}', '{}', '{}'], options(address))).toEqual({ accepted: 1, refused })
})
