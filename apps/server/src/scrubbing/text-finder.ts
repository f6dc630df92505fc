/**
 * Finds what is to be scrubbed in a text, in one walk over its bytes. Only a dozen bytes can belong to such a thing in a way that is worth a
 * look; the others cost a look into a table.
 */
import { cardBit, emailBit, jwtBit, markOfBit, privateKeyBit, secretBit, tokenBit } from './kinds.ts'
import type { Finds } from './finds.ts'
import { secretValue } from './secret-values.ts'
import {
  addressPassword,
  awsKey,
  bearerToken,
  cardDigitsMin,
  cardNumber,
  digitsEnd,
  emailAddress,
  found,
  googleKey,
  nothing,
  prefixedToken,
  privateKey,
  webToken,
} from './shapes.ts'

const lookAt = 1
const lookDigit = 2
const lookPrefix = 3
const lookDash = 4
const lookJwt = 5
const lookAws = 6
const lookGoogle = 7
const lookValue = 8
const lookBearer = 9

export interface Searched {
  readonly secrets: boolean
  readonly cards: boolean
  readonly emails: boolean
}

export class TextFinder {
  readonly #looks = new Uint8Array(256)
  readonly #searched: Searched
  /** Of the last look. */
  #bit = 0

  constructor(searched: Searched) {
    this.#searched = searched
    const set = (chars: string, look: number): void => {
      for (const char of chars) this.#looks[char.charCodeAt(0)] = look
    }
    if (searched.secrets) {
      set('_', lookPrefix)
      set('-', lookDash)
      set('J', lookJwt)
      set('I', lookAws)
      set('z', lookGoogle)
      set(':=', lookValue)
      set('Bb', lookBearer)
    }
    if (searched.cards) set('0123456789', lookDigit)
    if (searched.secrets || searched.emails) set('@', lookAt)
  }

  /** Adds what it finds in `source[start, end)`. */
  find(source: Uint8Array, start: number, end: number, finds: Finds): void {
    const looks = this.#looks
    let from = start
    for (let at = start; at < end; at++) {
      const look = looks[source[at]!]!
      if (look === 0) continue
      if (look === lookDigit) {
        // A short group with no other behind it is no card, and most numbers are one.
        let next = at + 1
        while (next < end && source[next]! >= 0x30 && source[next]! <= 0x39) next++
        if (next - at < cardDigitsMin && (next === end || (source[next] !== 0x20 && source[next] !== 0x2d))) {
          at = next - 1
          continue
        }
        const last = cardNumber(source, at, from, end)
        if (last === nothing) at = digitsEnd.at - 1
        else {
          finds.add(at, last, cardBit, markOfBit(cardBit))
          at = last - 1
          from = last
        }
        continue
      }
      if (look === lookBearer && (source[at + 1]! | 0x20) !== 0x65) continue
      const last = this.#look(look, source, at, from, end)
      if (last === nothing) continue
      finds.add(found.start, last, this.#bit, markOfBit(this.#bit))
      from = last
      at = Math.max(at, last - 1)
    }
  }

  #look(look: number, source: Uint8Array, at: number, from: number, end: number): number {
    this.#bit = tokenBit
    switch (look) {
      case lookAt:
        return this.#aroundAt(source, at, from, end)
      case lookPrefix:
        return prefixedToken(source, at, from, end)
      case lookDash: {
        const last = prefixedToken(source, at, from, end)
        if (last !== nothing || source[at + 1] !== 0x2d) return last
        this.#bit = privateKeyBit
        return privateKey(source, at, end)
      }
      case lookJwt:
        this.#bit = jwtBit
        return webToken(source, at, from, end)
      case lookAws:
        return awsKey(source, at, from, end)
      case lookGoogle:
        return googleKey(source, at, from, end)
      case lookValue:
        this.#bit = secretBit
        return secretValue(source, at, from, end)
      default:
        return bearerToken(source, at, from, end)
    }
  }

  #aroundAt(source: Uint8Array, at: number, from: number, end: number): number {
    if (this.#searched.secrets) {
      this.#bit = secretBit
      const last = addressPassword(source, at, from)
      if (last !== nothing) return last
    }
    this.#bit = emailBit
    return this.#searched.emails ? emailAddress(source, at, from, end) : nothing
  }
}
