/**
 * Series by the label bytes as they came over the wire, so that a known series costs no string. Keys are compared byte by byte, never
 * trusted by hash. Two generations bound the memory: when the young one is full it becomes the old one and the former old one
 * is forgotten; what is still used is copied back on its next hit. Goal: 5 M lookups a second and core with keys of 200 bytes.
 */
import type { IsGone } from './hashed-refs.ts'
import { wireKeyBytesMax, wireProbesMax } from '../limits.ts'

const pageBytes = 1 << 20
/** In place of the tenant: the key is forgotten. No tenant has this number. */
const noTenant = 0xffffffff
/** Keys swept between two pauses: well below a millisecond. */
const keysPerStep = 16_384
/** tenant, context, ref, length: four words before the key's bytes. */
const headerBytes = 16

/** 32-bit hash of `length` bytes; seeded, so that slots cannot be guessed from outside. Two chains, so that neither waits for the other. */
function hashKernel(view: DataView, start: number, length: number, seed: number): number {
  let one = seed ^ length
  let two = ~seed
  const pairs = start + (length & ~7)
  let at = start
  for (; at < pairs; at += 8) {
    one = Math.imul(one ^ view.getUint32(at, true), 0x9e3779b1)
    two = Math.imul(two ^ view.getUint32(at + 4, true), 0x85ebca6b)
    one ^= one >>> 15
    two ^= two >>> 13
  }
  for (const end = start + length; at < end; at++) {
    one = Math.imul(one ^ view.getUint8(at), 0x85ebca6b)
    one ^= one >>> 13
  }
  let hash = one ^ Math.imul(two, 0x27d4eb2f)
  hash = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35)
  return (hash ^ (hash >>> 15)) >>> 0
}

function equalKernel(a: DataView, aStart: number, b: DataView, bStart: number, length: number): boolean {
  const pairs = length & ~7
  let at = 0
  for (; at < pairs; at += 8) {
    const low = a.getUint32(aStart + at, true) ^ b.getUint32(bStart + at, true)
    if ((low | (a.getUint32(aStart + at + 4, true) ^ b.getUint32(bStart + at + 4, true))) !== 0) return false
  }
  for (; at < length; at++) if (a.getUint8(aStart + at) !== b.getUint8(bStart + at)) return false
  return true
}

/** One generation: slots (hash and place of the key) and pages with the keys' bytes. */
class Generation {
  #hashes = new Uint32Array(1024)
  /** Place in 4-byte units plus 1; 0 = free. */
  #places = new Uint32Array(1024)
  #pages: DataView[] = []
  #pageUsed = pageBytes
  /** Keys with a slot, the forgotten ones included, and without them. */
  #count = 0
  #alive = 0

  /** Ref, or -1. */
  find(hash: number, tenant: number, context: number, view: DataView, start: number, length: number): number {
    const mask = this.#places.length - 1
    for (let probe = 0, at = hash & mask; probe < wireProbesMax; probe++, at = (at + 1) & mask) {
      const place = this.#places[at]!
      if (place === 0) return -1
      if (this.#hashes[at] !== hash) continue
      const byte = (place - 1) * 4
      const page = this.#pages[Math.floor(byte / pageBytes)]!
      const key = byte % pageBytes
      if (page.getUint32(key, true) !== tenant || page.getUint32(key + 4, true) !== context || page.getUint32(key + 12, true) !== length)
        continue
      if (equalKernel(page, key + headerBytes, view, start, length)) return page.getUint32(key + 8, true)
    }
    return -1
  }

  add(hash: number, tenant: number, context: number, view: DataView, start: number, length: number, ref: number): void {
    if (this.#count * 2 >= this.#places.length) this.#grow()
    const at = this.#freeSlot(hash)
    if (at === -1) return
    const size = headerBytes + ((length + 3) & ~3)
    if (this.#pageUsed + size > pageBytes) {
      this.#pages.push(new DataView(new ArrayBuffer(pageBytes)))
      this.#pageUsed = 0
    }
    const page = this.#pages[this.#pages.length - 1]!
    const key = this.#pageUsed
    page.setUint32(key, tenant, true)
    page.setUint32(key + 4, context, true)
    page.setUint32(key + 8, ref, true)
    page.setUint32(key + 12, length, true)
    new Uint8Array(page.buffer, key + headerBytes, length).set(new Uint8Array(view.buffer, start, length))
    this.#pageUsed += size
    this.#hashes[at] = hash
    this.#places[at] = ((this.#pages.length - 1) * pageBytes + key) / 4 + 1
    this.#count++
    this.#alive++
  }

  /** Forgets the keys of refs that are gone; pauses where it yields. What is added meanwhile must not be of such refs. */
  *forgetting(isGone: IsGone, perStep: number): Generator<void> {
    let places = this.#places
    for (let at = 0; at < places.length; at++) {
      const place = places[at]!
      if (place !== 0) this.#forgetKey(place, isGone)
      if (at % perStep !== perStep - 1) continue
      yield
      // It has grown meanwhile: every key has another slot.
      if (places !== this.#places) [places, at] = [this.#places, -1]
    }
  }

  get sizeBytes(): number {
    return this.#pages.length * pageBytes + this.#places.byteLength * 2
  }

  get count(): number {
    return this.#alive
  }

  #forgetKey(place: number, isGone: IsGone): void {
    const page = this.#pages[Math.floor(((place - 1) * 4) / pageBytes)]!
    const key = ((place - 1) * 4) % pageBytes
    if (page.getUint32(key, true) === noTenant || !isGone(page.getUint32(key + 8, true))) return
    page.setUint32(key, noTenant, true)
    this.#alive--
  }

  #freeSlot(hash: number): number {
    const mask = this.#places.length - 1
    for (let probe = 0, at = hash & mask; probe < wireProbesMax; probe++, at = (at + 1) & mask) if (this.#places[at] === 0) return at
    return -1
  }

  #grow(): void {
    const hashes = this.#hashes
    const places = this.#places
    this.#hashes = new Uint32Array(hashes.length * 2)
    this.#places = new Uint32Array(places.length * 2)
    this.#count = 0
    for (let i = 0; i < places.length; i++) {
      if (places[i] === 0) continue
      const at = this.#freeSlot(hashes[i]!)
      if (at === -1) continue
      this.#hashes[at] = hashes[i]!
      this.#places[at] = places[i]!
      this.#count++
    }
  }
}

export class WireCache {
  readonly #sizeBytesMax: number
  readonly #seed: number
  #young = new Generation()
  #old = new Generation()
  /** Of every sweep under way. */
  readonly #sweeps = new Set<IsGone>()
  /** The body last looked at, so that one request costs one view. */
  #body: ArrayBufferLike = new ArrayBuffer(0)
  #view = new DataView(this.#body)

  /** `seed`: any 32-bit number, random in production. */
  constructor(sizeBytesMax: number, seed: number) {
    this.#sizeBytesMax = Math.max(sizeBytesMax, 4 * pageBytes)
    this.#seed = seed
  }

  /** Ref remembered for these bytes, or -1. `tenant` and `context` are unsigned 32-bit numbers. */
  find(tenant: number, context: number, bytes: Uint8Array, start: number, end: number): number {
    const view = this.#viewOf(bytes)
    const from = bytes.byteOffset + start
    const length = end - start
    const hash = hashKernel(view, from, length, this.#seed ^ Math.imul(tenant, 0x27d4eb2f) ^ context)
    const ref = this.#young.find(hash, tenant, context, view, from, length)
    if (ref !== -1) return ref
    const aged = this.#old.find(hash, tenant, context, view, from, length)
    if (aged !== -1 && !this.#isGone(aged)) this.#keep(hash, tenant, context, view, from, length, aged)
    return aged
  }

  /** As of `HashedRefs`. */
  *forgetting(isGone: IsGone, perStep = keysPerStep): Generator<void> {
    // A key of its own, so that the same one twice counts twice.
    const sweep: IsGone = (ref) => isGone(ref)
    this.#sweeps.add(sweep)
    try {
      for (const generation of [this.#young, this.#old]) yield* generation.forgetting(isGone, perStep)
    } finally {
      this.#sweeps.delete(sweep)
    }
  }

  /** A key that is known already must not be remembered again. Too long keys are left out. */
  remember(tenant: number, context: number, bytes: Uint8Array, start: number, end: number, ref: number): void {
    if (end - start > wireKeyBytesMax || this.find(tenant, context, bytes, start, end) !== -1) return
    const view = this.#viewOf(bytes)
    const from = bytes.byteOffset + start
    const hash = hashKernel(view, from, end - start, this.#seed ^ Math.imul(tenant, 0x27d4eb2f) ^ context)
    this.#keep(hash, tenant, context, view, from, end - start, ref)
  }

  get sizeBytes(): number {
    return this.#young.sizeBytes + this.#old.sizeBytes
  }

  get count(): number {
    return this.#young.count + this.#old.count
  }

  /** Lets go of the last request's bytes. */
  release(): void {
    this.#body = new ArrayBuffer(0)
    this.#view = new DataView(this.#body)
  }

  #viewOf(bytes: Uint8Array): DataView {
    if (bytes.buffer !== this.#body) {
      this.#body = bytes.buffer
      this.#view = new DataView(bytes.buffer)
    }
    return this.#view
  }

  #isGone(ref: number): boolean {
    for (const sweep of this.#sweeps) if (sweep(ref)) return true
    return false
  }

  #keep(hash: number, tenant: number, context: number, view: DataView, start: number, length: number, ref: number): void {
    if (this.#young.sizeBytes * 2 >= this.#sizeBytesMax) {
      this.#old = this.#young
      this.#young = new Generation()
    }
    this.#young.add(hash, tenant, context, view, start, length, ref)
  }
}
