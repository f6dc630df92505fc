/** Values from the wire as the store wants them; the same rules as `src/protocols/decode/sample-value.ts`. */

const staleNanBits: u64 = 0x7ff0000000000002
const stale: f64 = -1.7976931348623155e308
const besideStale: f64 = -1.7976931348623157e308

/** The double at `at`: the stale marker becomes a number that no one measures, and other NaN are one NaN. */
export function storedDouble(at: usize): f64 {
  const value = load<f64>(at)
  if (value != value) return load<u64>(at) == staleNanBits ? stale : NaN
  return value == stale ? besideStale : value
}

/** The double at `at` where a stale marker is only a NaN. */
export function measuredDouble(at: usize): f64 {
  const value = load<f64>(at)
  return value == stale ? besideStale : value
}
