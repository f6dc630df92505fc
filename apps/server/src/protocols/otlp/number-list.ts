/** A list of numbers that keeps its memory between uses; for repeated fields of points. */
import type { ProtoCursor } from '../protobuf/cursor.ts'

export class NumberList {
  values = new Float64Array(64)
  length = 0

  clear(): void {
    this.length = 0
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = new Float64Array(this.length * 2)
      grown.set(this.values)
      this.values = grown
    }
    this.values[this.length++] = value
  }

  /** A repeated fixed64 field, packed or not. */
  readFixed64(cursor: ProtoCursor, packed: boolean): void {
    if (!packed) {
      this.push(cursor.readFixed64())
      return
    }
    const outer = cursor.enter()
    while (cursor.pos < cursor.end) this.push(cursor.readFixed64())
    cursor.leave(outer)
  }

  readDoubles(cursor: ProtoCursor, packed: boolean): void {
    if (!packed) {
      this.push(cursor.readDouble())
      return
    }
    const outer = cursor.enter()
    while (cursor.pos < cursor.end) this.push(cursor.readDouble())
    cursor.leave(outer)
  }

  readVarints(cursor: ProtoCursor, packed: boolean): void {
    if (!packed) {
      this.push(cursor.readVarint())
      return
    }
    const outer = cursor.enter()
    while (cursor.pos < cursor.end) this.push(cursor.readVarint())
    cursor.leave(outer)
  }
}
