/** Exporters of the test's own: a server whose answers each test decides, and that remembers what it was asked. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

export interface Exporter extends AsyncDisposable {
  /** `127.0.0.1:1234` */
  readonly address: string
  /** By path. What is not here is answered with 404. */
  readonly answers: Map<string, Answer>
  readonly asked: { readonly path: string; readonly headers: http.IncomingHttpHeaders }[]
}

export async function startExporter(tls?: { key: string; cert: string }): Promise<Exporter> {
  const answers = new Map<string, Answer>()
  const asked: Exporter['asked'] = []
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url ?? ''
    asked.push({ path, headers: request.headers })
    const answer = answers.get(path)
    if (answer === undefined) response.writeHead(404).end()
    else answer(request, response)
  }
  const server = tls === undefined ? http.createServer(onRequest) : https.createServer(tls, onRequest)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    address: `127.0.0.1:${port}`,
    answers,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Text of the format that has no other name. */
export function text(body: string, headers: http.OutgoingHttpHeaders = {}): Answer {
  return (_request, response) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4', ...headers }).end(body)
}
