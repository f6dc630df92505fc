/** Reading request bodies within two bounds: one body's size, and what all requests under way hold together (byte-budget.ts). */
import type { Readable } from 'node:stream'
import { AppError } from '../../kernel/errors.ts'
import { bodyMalformed, bodyTooLarge, bodyTooSlow, protocolsBusy } from '../errors.ts'
import type { ByteLease } from './byte-budget.ts'

const retryAfterSec = 1

/**
 * The whole body, held by `lease`. On an error what the lease held is given back, and the rest is read and thrown away, so that the
 * sender gets its answer and can use the connection again.
 * Errors: `body.too_large`, `protocols.busy`, `body.too_slow` (memory was short), `body.malformed` (the sender broke off).
 */
export function receiveBody(body: Readable, bytesMax: number, lease: ByteLease): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const settle = (outcome: () => void): void => {
      body.off('data', onData).off('end', onEnd).off('close', onCut)
      lease.endReceiving()
      outcome()
    }
    const refuse = (error: AppError): void =>
      settle(() => {
        chunks.length = 0
        lease[Symbol.dispose]()
        body.resume()
        reject(error)
      })
    const onData = (chunk: Buffer): void => {
      size += chunk.byteLength
      if (size > bytesMax) refuse(new AppError(bodyTooLarge, { publicText: `The request body is larger than ${bytesMax} bytes.` }))
      else if (!lease.take(chunk.byteLength)) refuse(new AppError(protocolsBusy, { retryAfterSec }))
      else chunks.push(chunk)
    }
    const onEnd = (): void =>
      settle(() => resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size)))
    const onCut = (): void => refuse(new AppError(bodyMalformed, { publicText: 'The request body was cut off.' }))
    lease.startReceiving(() => refuse(new AppError(bodyTooSlow, { retryAfterSec })))
    body.on('data', onData).on('end', onEnd).on('close', onCut)
    // Stays for good: without a listener a connection that breaks would end the process. `close` follows and settles.
    body.on('error', () => undefined)
  })
}
