/**
 * Bodies of Sentry's clients as they are meant. Decompressed they may be a thousand times their size: there is a number of such at a time,
 * and what they hold counts on the request's lease until it is let go of.
 */
import { decompress, parseContentEncoding } from '../body/decompress.ts'
import type { ByteLease } from '../body/byte-budget.ts'
import type { Intake } from '../body/intake.ts'
import type { HandledRequest } from '../http.ts'
import { brotliPlain } from './brotli.ts'

export interface SentryBody {
  readonly bytes: Uint8Array
  /** The header. */
  readonly encoding: string | undefined
  /** Old clients send an event by zlib in base64, without a header. */
  readonly mayBeBase64: boolean
  readonly bytesMax: number
}

const noBytes = new Uint8Array(0)
const openingBracket = 0x7b

/** Disposing lets go of the bytes, of what they held and of the turn. */
export class PlainBody implements Disposable {
  #bytes: Uint8Array
  readonly #lease: Pick<ByteLease, 'hold'>
  #heldBytes = 0
  readonly #turn: Disposable | null

  private constructor(bytes: Uint8Array, lease: Pick<ByteLease, 'hold'>, turn: Disposable | null) {
    this.#bytes = bytes
    this.#lease = lease
    this.#turn = turn
    if (turn === null) return
    this.#heldBytes = bytes.byteLength
    lease.hold(this.#heldBytes)
  }

  /** Errors: `body.*`, `protocols.busy`. */
  static async open(intake: Pick<Intake, 'turnElsewhere'>, { tenant, lease }: HandledRequest, body: SentryBody): Promise<PlainBody> {
    if (isPlain(body)) return new PlainBody(await decompress(body.bytes, 'identity', body.bytesMax), lease, null)
    const turn = await intake.turnElsewhere(tenant, body.bytes.byteLength)
    try {
      return new PlainBody(await plainOf(body), lease, turn)
    } catch (error) {
      turn[Symbol.dispose]()
      throw error
    }
  }

  /** Empty once disposed of. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  [Symbol.dispose](): void {
    this.#bytes = noBytes
    this.#lease.hold(-this.#heldBytes)
    this.#heldBytes = 0
    this.#turn?.[Symbol.dispose]()
  }
}

function isPlain({ bytes, encoding = '', mayBeBase64 }: SentryBody): boolean {
  return /^\s*(?:identity)?\s*$/i.test(encoding) && (!mayBeBase64 || bytes[0] === openingBracket)
}

async function plainOf({ bytes, encoding, mayBeBase64, bytesMax }: SentryBody): Promise<Uint8Array> {
  if (encoding?.trim().toLowerCase() === 'br') return await brotliPlain(bytes, bytesMax)
  const plain = await decompress(bytes, parseContentEncoding(encoding), bytesMax)
  if (!mayBeBase64 || plain[0] === openingBracket) return plain
  return await decompress(Buffer.from(Buffer.from(plain).toString('latin1'), 'base64'), 'deflate', bytesMax)
}
