/**
 * 128-bit hash of bytes, keyed by secrets of the process and by a parent (a tenant, or the hash of what the bytes belong to).
 * Four chains of 64 bits. Each eats the parent first, then every word of 8 bytes goes into two of them with different keys: the product of a
 * word's halves mixed with a secret state. So two keys meet only when two chains do, and nothing sent can stand in for a parent.
 */

/** In the control block: 8 x u64, the last four odd. */
const secretAt: usize = 16

/** Writes the hash of the bytes in `[from, end)` to `out`, 16 bytes. Reads up to 15 bytes behind `end`. */
export function keyedHash(from: usize, end: usize, parent0: u64, parent1: u64, out: usize): void {
  const k0 = load<u64>(secretAt, 32)
  const k1 = load<u64>(secretAt, 40)
  const k2 = load<u64>(secretAt, 48)
  const k3 = load<u64>(secretAt, 56)
  const length = (end - from) as u64
  let a = eaten(load<u64>(secretAt), parent0, k0)
  let b = eaten(load<u64>(secretAt, 8), parent1, k1)
  let c = eaten(load<u64>(secretAt, 16), parent0 + length, k2)
  let d = eaten(load<u64>(secretAt, 24), parent1 + length, k3)
  while (from + 16 <= end) {
    const even = load<u64>(from)
    const odd = load<u64>(from, 8)
    a = eaten(a, even, k0)
    b = eaten(b, odd, k1)
    c = eaten(c, even, k2)
    d = eaten(d, odd, k3)
    from += 16
  }
  if (from < end) {
    const even = tail(from, end)
    const odd = tail(from + 8, end)
    a = eaten(a, even, k0)
    b = eaten(b, odd, k1)
    c = eaten(c, even, k2)
    d = eaten(d, odd, k3)
  }
  store<u64>(out, mixed(mixed(mixed(mixed(a) ^ b) + c) ^ d))
  store<u64>(out, mixed(mixed(mixed(mixed(d + k0) ^ c) + b) ^ a), 8)
}

/** The word at `at`, bytes at and behind `end` read as 0. */
function tail(at: usize, end: usize): u64 {
  if (at >= end) return 0
  const left = (end - at) as u64
  return left >= 8 ? load<u64>(at) : load<u64>(at) & ((1 << (left * 8)) - 1)
}

function eaten(state: u64, word: u64, key: u64): u64 {
  const x = state ^ word
  return (x & 0xffffffff) * (x >> 32) + rotl(x, 32) * key
}

/** Finalizer of MurmurHash3 (fmix64): every bit of the input moves every bit of the output. */
function mixed(value: u64): u64 {
  value = (value ^ (value >> 33)) * 0xff51afd7ed558ccd
  value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53
  return value ^ (value >> 33)
}
