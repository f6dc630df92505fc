/** Set operations on ascending, unique refs. Kernels: free functions on typed arrays. */

/** Any ascending list of refs; `length` may be shorter than the array behind it. */
export interface RefList {
  readonly refs: Uint32Array | readonly number[]
  readonly length: number
}

/** Position of the first element >= `wanted` in `refs[from .. length)`, by galloping. */
function lowerBoundKernel(refs: Uint32Array | readonly number[], from: number, length: number, wanted: number): number {
  let step = 1
  let low = from
  let high = from
  while (high < length && refs[high]! < wanted) {
    low = high + 1
    high += step
    step *= 2
  }
  if (high > length) high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (refs[middle]! < wanted) low = middle + 1
    else high = middle
  }
  return low
}

/** Elements of both lists. O(small × log(large / small)). */
export function intersectKernel(a: RefList, b: RefList): Uint32Array<ArrayBuffer> {
  const [small, large] = a.length <= b.length ? [a, b] : [b, a]
  const out = new Uint32Array(small.length)
  let count = 0
  let at = 0
  for (let i = 0; i < small.length && at < large.length; i++) {
    const ref = small.refs[i]!
    at = lowerBoundKernel(large.refs, at, large.length, ref)
    if (at < large.length && large.refs[at] === ref) out[count++] = ref
  }
  return out.slice(0, count)
}

/** Elements of `a` that are not in `b`. O(a × log(b / a)). */
export function differenceKernel(a: RefList, b: RefList): Uint32Array<ArrayBuffer> {
  const out = new Uint32Array(a.length)
  let count = 0
  let at = 0
  for (let i = 0; i < a.length; i++) {
    const ref = a.refs[i]!
    at = lowerBoundKernel(b.refs, at, b.length, ref)
    if (at >= b.length || b.refs[at] !== ref) out[count++] = ref
  }
  return out.slice(0, count)
}

/** All elements of lists that share none (as the values of one label do), ascending. */
export function unionDisjointKernel(lists: readonly RefList[]): Uint32Array<ArrayBuffer> {
  let total = 0
  for (const list of lists) total += list.length
  const out = new Uint32Array(total)
  let at = 0
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) out[at++] = list.refs[i]!
  }
  if (lists.length > 1) out.sort()
  return out
}

/** All elements of any of the lists, ascending and unique. */
export function unionKernel(lists: readonly RefList[]): Uint32Array<ArrayBuffer> {
  const all = unionDisjointKernel(lists)
  let count = 0
  for (let i = 0; i < all.length; i++) {
    if (i > 0 && all[i] === all[i - 1]) continue
    all[count++] = all[i]!
  }
  return count === all.length ? all : all.slice(0, count)
}
