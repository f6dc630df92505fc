/**
 * 128-bit hash of bytes, keyed by secrets of the process and by a parent (a tenant, or the hash of what the bytes belong to).
 * Four chains of 64 bits, each eating every fourth word of 8 bytes: the product of a word's halves mixed with a secret state, so that no
 * difference cancels in a way one could plan.
 */

/** In the control block: 8 x u64, the last four odd. */
const secretAt: usize = 16

/** Writes the hash of the bytes in `[from, end)` to `out`, 16 bytes. Reads up to 31 bytes behind `end`. */
export function keyedHash(from: usize, end: usize, parent0: u64, parent1: u64, out: usize): void {
  const k0 = load<u64>(secretAt, 32)
  const k1 = load<u64>(secretAt, 40)
  const k2 = load<u64>(secretAt, 48)
  const k3 = load<u64>(secretAt, 56)
  let a = load<u64>(secretAt) ^ parent0
  let b = load<u64>(secretAt, 8) + parent1
  let c = load<u64>(secretAt, 16) ^ ((end - from) as u64)
  let d = load<u64>(secretAt, 24)
  while (from + 32 <= end) {
    a = eaten(a, load<u64>(from), k0)
    b = eaten(b, load<u64>(from, 8), k1)
    c = eaten(c, load<u64>(from, 16), k2)
    d = eaten(d, load<u64>(from, 24), k3)
    from += 32
  }
  if (from < end) {
    a = eaten(a, tail(from, end), k0)
    b = eaten(b, tail(from + 8, end), k1)
    c = eaten(c, tail(from + 16, end), k2)
    d = eaten(d, tail(from + 24, end), k3)
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
