/** Growing typed arrays: the same content in a longer array (doubling), or the same array when it is long enough. */

function grownLength(current: number, needed: number): number {
  let length = Math.max(current, 16)
  while (length < needed) length = length < 1 << 22 ? length * 2 : Math.ceil(length * 1.5)
  return length
}

export function grownU32(array: Uint32Array<ArrayBuffer>, needed: number): Uint32Array<ArrayBuffer> {
  if (needed <= array.length) return array
  const next = new Uint32Array(grownLength(array.length, needed))
  next.set(array)
  return next
}

export function grownF64(array: Float64Array<ArrayBuffer>, needed: number): Float64Array<ArrayBuffer> {
  if (needed <= array.length) return array
  const next = new Float64Array(grownLength(array.length, needed))
  next.set(array)
  return next
}
