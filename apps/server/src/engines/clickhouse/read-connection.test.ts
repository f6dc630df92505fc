import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { ReadConnection } from './read-connection.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A connection to a server that answers as told; the second argument counts requests from 1. */
async function connected(answer: (asked: IncomingMessage, reply: ServerResponse, number: number) => void): Promise<ReadConnection> {
  let asked = 0
  const server = createServer((request, reply) => {
    request.resume().on('end', () => answer(request, reply, ++asked))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const connection = ReadConnection.to({ url: `http://reader:s%40cret@127.0.0.1:${port}`, headers: { 'x-own': 'yes' } }, 'some base')
  if (connection === null) throw new Error('a plain address')
  closers.push(() => {
    connection.close()
    server.closeAllConnections()
    server.close()
  })
  return connection
}

async function ask(connection: ReadConnection): Promise<string> {
  const { signal } = new AbortController()
  const answer = await connection.send({ sql: 'SELECT 1', id: 'some-id', settings: { max_threads: 2 }, signal })
  return Buffer.concat(await answer.toArray()).toString()
}

test('user, database, settings and headers go along', async () => {
  const connection = await connected((request, reply) => reply.end(JSON.stringify([request.url, request.headers])))
  const said = await ask(connection)
  expect(said).toContain('/?database=some%20base&query_id=some-id&max_threads=2')
  expect(said).toContain(`Basic ${Buffer.from('reader:s@cret').toString('base64')}`)
  expect(said).toContain('"x-own":"yes"')
})

test('what was idle and is closed just as it is used is asked again, what fails on a new connection is not', async () => {
  const connection = await connected((request, reply, number) => {
    if (number === 1) reply.end('first')
    else if (number === 3) reply.end('third')
    else request.socket.destroy()
  })
  expect(await ask(connection)).toBe('first')
  expect(await ask(connection)).toBe('third')
  const other = await connected((request) => request.socket.destroy())
  await expect(ask(other)).rejects.toThrow('socket hang up')
})

test('what the engine refuses is an error with its words, also below an answer that began well', async () => {
  const text = 'Code: 62. DB::Exception: Syntax error'
  const refused = await connected((_request, reply) => reply.writeHead(500).end(text))
  await expect(ask(refused)).rejects.toThrow(text)
  const begun = await connected((_request, reply) => reply.writeHead(200, { 'x-clickhouse-exception-code': '62' }).end(text))
  await expect(ask(begun)).rejects.toThrow(text)
})

test('an address that says more than a place is the client`s', () => {
  expect(ReadConnection.to({ url: 'http://engine:8123/proxy' }, 'base')).toBeNull()
  expect(ReadConnection.to({ url: 'http://engine:8123?keep_alive_enabled=0' }, 'base')).toBeNull()
})
