/** Reading request bodies within two bounds: one body's size, and what all requests under way hold together (byte-budget.ts). */
import type { Readable } from 'node:stream'
import { AppError } from '../../kernel/errors.ts'
import { bodyMalformed, bodyTooLarge, bodyTooSlow, protocolsBusy } from '../errors.ts'
import type { ByteLease } from './byte-budget.ts'
import { GatheredBody } from './gathered-body.ts'

const retryAfterSec = 1

/**
 * The whole body, held by `lease`. On an error what the lease held is given back, and the rest is read and thrown away, so that the
 * sender gets its answer and can use the connection again.
 * Errors: `body.too_large`, `protocols.busy`, `body.too_slow` (memory was short), `body.malformed` (the sender broke off).
 */
export function receiveBody(body: Readable, bytesMax: number, lease: ByteLease): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const gathered = new GatheredBody(bytesMax, lease)
    const settle = (outcome: () => void): void => {
      body.off('data', onData).off('end', onEnd).off('close', onCut)
      lease.endReceiving()
      outcome()
    }
    const refuse = (error: AppError): void =>
      settle(() => {
        gathered.drop()
        lease[Symbol.dispose]()
        body.resume()
        reject(error)
      })
    const onData = (chunk: Buffer): void => {
      const sizeBytes = gathered.sizeBytes + chunk.byteLength
      if (sizeBytes > bytesMax) refuse(new AppError(bodyTooLarge, { publicText: `The request body is larger than ${bytesMax} bytes.` }))
      else if (!gathered.add(chunk)) refuse(new AppError(protocolsBusy, { retryAfterSec }))
    }
    const onEnd = (): void => settle(() => resolve(gathered.finish()))
    const onCut = (): void => refuse(new AppError(bodyMalformed, { publicText: 'The request body was cut off.' }))
    lease.startReceiving(() => refuse(new AppError(bodyTooSlow, { retryAfterSec })))
    body.on('data', onData).on('end', onEnd).on('close', onCut)
    // Stays for good: without a listener a connection that breaks would end the process. `close` follows and settles.
    body.on('error', () => undefined)
  })
}
