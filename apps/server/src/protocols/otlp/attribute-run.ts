/** Where the attribute fields of the point being read are. Senders write them one after another; if not, they are put together here. */
import { ProtoCursor } from '../protobuf/cursor.ts'

const noBytes = new Uint8Array(0)

export class AttributeRun {
  bytes: Uint8Array = noBytes
  start = 0
  end = 0
  #count = 0
  #together = true

  begin(bytes: Uint8Array): void {
    this.bytes = bytes
    this.start = 0
    this.end = 0
    this.#count = 0
    this.#together = true
  }

  /** One attribute field, tag included, at `[from, to)` of the bytes. */
  note(from: number, to: number): void {
    if (this.#count === 0) this.start = from
    else if (this.end !== from) this.#together = false
    this.end = to
    this.#count++
  }

  /** To be called when the point `[from, to)` has been read to its end. */
  settle(from: number, to: number, attributeTag: number): void {
    if (this.#together) return
    const cursor = new ProtoCursor()
    cursor.reset(this.bytes)
    cursor.pos = from
    cursor.end = to
    const parts: Uint8Array[] = []
    while (cursor.pos < to) {
      const at = cursor.pos
      const tag = cursor.readTag()
      cursor.skip(tag)
      if (tag === attributeTag) parts.push(this.bytes.subarray(at, cursor.pos))
    }
    this.bytes = Buffer.concat(parts)
    this.start = 0
    this.end = this.bytes.length
  }
}
