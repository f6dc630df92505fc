/**
 * Reading request bodies within two bounds: one body's size, and what all bodies being received hold together, so that many slow
 * senders cannot fill the memory.
 */
import type { Readable } from 'node:stream'
import { AppError } from '../../kernel/errors.ts'
import { bodyMalformed, bodyTooLarge, protocolsBusy } from '../errors.ts'

/** Bytes shared by everyone who takes from it. */
export class ByteBudget {
  readonly bytesMax: number
  #taken = 0

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  get taken(): number {
    return this.#taken
  }

  /** One taker's part; empty at first. */
  lease(): ByteLease {
    let held = 0
    return {
      take: (bytes) => {
        if (this.#taken + bytes > this.bytesMax) return false
        this.#taken += bytes
        held += bytes
        return true
      },
      [Symbol.dispose]: () => {
        this.#taken -= held
        held = 0
      },
    }
  }
}

/** Disposing gives back all that was taken, once. */
export interface ByteLease extends Disposable {
  /** False when the budget has not that much left; then nothing was taken. */
  take(bytes: number): boolean
}

/**
 * The whole body. On an error the rest is read and thrown away, so that the sender gets its answer.
 * Errors: `body.too_large`, `protocols.busy`, `body.malformed` (the sender broke off).
 */
export function receiveBody(body: Readable, bytesMax: number, lease: ByteLease): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const settle = (outcome: () => void): void => {
      body.off('data', onData).off('end', onEnd).off('close', onCut)
      outcome()
    }
    const refuse = (error: AppError): void =>
      settle(() => {
        chunks.length = 0
        body.resume()
        reject(error)
      })
    const onData = (chunk: Buffer): void => {
      size += chunk.byteLength
      if (size > bytesMax) refuse(new AppError(bodyTooLarge, { publicText: `The request body is larger than ${bytesMax} bytes.` }))
      else if (!lease.take(chunk.byteLength)) refuse(new AppError(protocolsBusy, { retryAfterSec: 1 }))
      else chunks.push(chunk)
    }
    const onEnd = (): void => settle(() => resolve(Buffer.concat(chunks, size)))
    const onCut = (): void => refuse(new AppError(bodyMalformed, { publicText: 'The request body was cut off.' }))
    body.on('data', onData).on('end', onEnd).on('close', onCut)
    // Stays for good: without a listener a connection that breaks would end the process. `close` follows and settles.
    body.on('error', () => undefined)
  })
}
