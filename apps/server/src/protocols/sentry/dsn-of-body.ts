/**
 * The DSN in the first line of an envelope, for requests that carry no key elsewhere: so do those who pass envelopes on from a server of their
 * own (the SDKs' option `tunnel`). Only the beginning of the body is looked at, before anybody is let in; it stays in the request.
 */
import type { IncomingMessage } from 'node:http'
import zlib from 'node:zlib'
import { AppError } from '../../kernel/errors.ts'
import { bodyMalformed } from '../errors.ts'
import { isRecord, parseJson } from './envelope.ts'

/** What is looked at of a body as it is sent, and of what it means. */
const headBytesMax = 16 * 1024

const newline = 0x0a
const noBytes = Buffer.alloc(0)

/** Null: it has none, or it cannot be read that far. Errors by code: `body.malformed`, when nothing was sent or the sender broke off. */
export async function dsnOfBody(body: IncomingMessage, encoding: string | undefined): Promise<string | null> {
  const name = encoding?.trim().toLowerCase() ?? ''
  const isPlain = name === '' || name === 'identity'
  const head = await peek(body, isPlain)
  const plain = isPlain ? head : await beginningOf(head, name)
  const end = plain.indexOf(newline)
  const header = parseJson(plain.subarray(0, Math.min(end === -1 ? plain.byteLength : end, headBytesMax)))
  const dsn = isRecord(header) ? header['dsn'] : null
  return typeof dsn === 'string' ? dsn : null
}

/** The beginning of a body, left in it: its first line where that is wanted, else what comes first. Errors: `body.malformed`. */
function peek(body: IncomingMessage, isLineWanted: boolean): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let head = noBytes
    const settle = (outcome: () => void): void => {
      body.off('readable', onReadable).off('end', onCut).off('close', onCut)
      outcome()
    }
    const onCut = (): void => settle(() => reject(new AppError(bodyMalformed, { publicText: 'The request body was cut off.' })))
    const onReadable = (): void => {
      for (let chunk: unknown = body.read(); Buffer.isBuffer(chunk); chunk = body.read()) head = Buffer.concat([head, chunk])
      const isEnough = !isLineWanted || head.includes(newline) || head.byteLength >= headBytesMax
      // A whole body is put back before its end is told, and at once: afterwards it could not be.
      if (head.byteLength > 0 && (isEnough || body.complete !== false))
        settle(() => {
          body.unshift(head)
          resolve(head)
        })
    }
    body.on('readable', onReadable).on('end', onCut).on('close', onCut)
  })
}

/** What the beginning of packed bytes means, no more than a piece of it; empty where it cannot be read. */
function beginningOf(head: Buffer, encoding: string): Promise<Buffer> {
  const unpacking = unpackerOf(encoding)
  if (unpacking === null) return Promise.resolve(noBytes)
  return new Promise((resolve) => {
    const settle = (): void => {
      const piece: unknown = unpacking.read()
      resolve(Buffer.isBuffer(piece) ? piece : noBytes)
      unpacking.destroy()
    }
    // Stays for good: what comes after the piece is not looked at.
    unpacking.on('error', settle)
    unpacking.once('readable', settle)
    unpacking.write(head, settle)
  })
}

function unpackerOf(encoding: string): zlib.Gunzip | zlib.Inflate | zlib.BrotliDecompress | null {
  if (encoding === 'gzip' || encoding === 'x-gzip') return zlib.createGunzip({ chunkSize: headBytesMax })
  if (encoding === 'deflate') return zlib.createInflate({ chunkSize: headBytesMax })
  return encoding === 'br' ? zlib.createBrotliDecompress({ chunkSize: headBytesMax }) : null
}
