/**
 * Kernel of scrubbing, compiled to WebAssembly (`node scripts/build-kernels.mjs`): walks texts as they lie one behind the other in a column and
 * names the next place at which `scrubbing/text-finder.ts` could find something. It may name places where nothing is, and never passes one by
 * where something is; so it asks for less than the finder does (nothing about where a text begins or ends). The words it compares with
 * are laid out by its caller (`scrubbing/place-scan.ts`), from the finder's own lists.
 *
 * Sketch: 16 bytes at a time; 0.03 CPU s a million lines of 120 bytes.
 */

/** A word: its last 8 bytes at most (u64, the last one highest), which of them count (u64), bytes that must follow (u32), free (u32). */
const wordBytes: usize = 24

/** By two letters, each by its lower 5 bits: whether a name of secrets ends so. */
let pairsAt: usize = 0
/** By byte: 1 letters, digits, dashes, underscores; 2 quotes, apostrophes, backslashes, blanks. */
let kindsAt: usize = 0
let namesAt: usize = 0
let namesEnd: usize = 0
let prefixesAt: usize = 0
let prefixesEnd: usize = 0

const isToken: u32 = 1
const isBetween: u32 = 2
/** Bytes between a name and its colon at most. */
const betweenMax: usize = 3
/** Letters of a name that are looked at, and bytes among which they are: with more between them the finder is asked. */
const lettersMax: u32 = 8
const nameBytesMax: usize = 32
const cardDigitsMin: u32 = 13
/** A number of a card has so many bytes in a row in one of two blocks, and among them so many digits. */
const cardDigitsInBlock: u32 = 3

export function layOut(pairs: usize, kinds: usize, names: usize, nameCount: u32, prefixes: usize, prefixCount: u32): void {
  pairsAt = pairs
  kindsAt = kinds
  namesAt = names
  namesEnd = names + (nameCount as usize) * wordBytes
  prefixesAt = prefixes
  prefixesEnd = prefixes + (prefixCount as usize) * wordBytes
}

/** The first place in `[at, end)` that is worth a look, `end` when there is none. Reads up to 40 bytes before and 48 behind. */
export function next(at: usize, end: usize): usize {
  // _ - J I z : = B b @ by their lower and upper four bits: a byte is one of them where both have a bit in common.
  const lower = i8x16(16, 0, 32 | 64, 0, 0, 0, 0, 0, 0, 4, -128 | 2 | 4, 0, 0, 1 | 2, 0, 8)
  const upper = i8x16(0, 0, 1, 2, 4 | 16 | 32, 8, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0)
  const from = at
  for (; at < end; at += 16) {
    const bytes = v128.load(at)
    const inside: u32 = end - at >= 16 ? 0xffff : (1 << ((end - at) as u32)) - 1
    let card = end
    const digits = (i8x16.bitmask(i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(48)), i8x16.splat(10))) as u32) & inside
    if (popcnt(digits) >= cardDigitsInBlock) {
      const joints = i8x16.bitmask(v128.or(i8x16.eq(bytes, i8x16.splat(32)), i8x16.eq(bytes, i8x16.splat(45)))) as u32
      card = cardPlace(at, digits | (joints & inside), from, end)
    }
    const hits = v128.and(i8x16.swizzle(lower, v128.and(bytes, i8x16.splat(15))), i8x16.swizzle(upper, i8x16.shr_u(bytes, 4)))
    let mask = (i8x16.bitmask(i8x16.ne(hits, i8x16.splat(0))) as u32) & inside
    while (mask != 0) {
      const place = at + (ctz(mask) as usize)
      if (place >= card) break
      if (isWorthALook(place)) return place
      mask &= mask - 1
    }
    if (card != end) return card
  }
  return end
}

/** The first place of digits, blanks and dashes in a row with digits enough, of those in the block at `block`, given as bits; else `end`. */
function cardPlace(block: usize, bits: u32, from: usize, end: usize): usize {
  let two = bits & (bits >> 1)
  two &= two >> 2
  let runs = two & (two >> 3)
  while (runs != 0) {
    const place = block + (ctz(runs) as usize)
    let first = place
    while (first > from && isOfCard(load<u8>(first - 1) as u32)) first -= 1
    let count: u32 = 0
    let last = first
    for (; last < end; last += 1) {
      const byte = load<u8>(last) as u32
      if (!isOfCard(byte)) break
      if (byte - 48 < 10) count += 1
    }
    if (count >= cardDigitsMin) return place
    if (last - block >= 16) break
    runs &= ~((1 << ((last - block) as u32)) - 1)
  }
  return end
}

function isOfCard(byte: u32): bool {
  return byte - 48 < 10 || byte == 32 || byte == 45
}

function isWorthALook(at: usize): bool {
  switch (load<u8>(at) as u32) {
    case 0x40:
      return load<u8>(at - 1) > 0x20
    case 0x3a:
    case 0x3d:
      return endsSecretName(at)
    case 0x4a: // eyJ
      return load<u16>(at - 2) == 0x7965
    case 0x49: // AKIA, ASIA
      return load<u8>(at - 2) == 0x41 && load<u8>(at + 1) == 0x41
    case 0x7a: // AIza
      return load<u16>(at - 2) == 0x4941 && load<u8>(at + 1) == 0x61
    case 0x42:
    case 0x62: // "earer " without capitals
      return (load<u32>(at + 1) | 0x20202020) == 0x65726165 && (load<u16>(at + 5) | 0x20) == 0x2072
    case 0x2d:
      return load<u32>(at) == 0x2d2d2d2d || endsPrefix(at)
    default:
      return endsPrefix(at)
  }
}

/** A token's prefix that ends at `at`, with as many letters and digits behind it as its tokens have. */
function endsPrefix(at: usize): bool {
  const word = load<u64>(at - 7)
  for (let prefix = prefixesAt; prefix < prefixesEnd; prefix += wordBytes) {
    if ((word & load<u64>(prefix, 8)) != load<u64>(prefix)) continue
    const last = at + 1 + (load<u32>(prefix, 16) as usize)
    let next = at + 1
    while (next < last && (load<u8>(kindsAt + (load<u8>(next) as usize)) as u32) == isToken) next += 1
    if (next == last) return true
  }
  return false
}

/** Whether the name before the colon at `at` ends like one of a secret. */
function endsSecretName(at: usize): bool {
  let nameEnd = at
  while (at - nameEnd < betweenMax && (load<u8>(kindsAt + (load<u8>(nameEnd - 1) as usize)) as u32) == isBetween) nameEnd -= 1
  const pair = (((load<u8>(nameEnd - 2) as usize) & 31) << 5) | ((load<u8>(nameEnd - 1) as usize) & 31)
  if (load<u8>(pairsAt + pair) == 0) return false
  let letters: u64 = 0
  let count: u32 = 0
  const first = nameEnd - nameBytesMax
  for (let place = nameEnd - 1; count < lettersMax; place -= 1) {
    if (place < first) return true
    const byte = load<u8>(place) as u32
    const letter = byte | 0x20
    if (letter - 0x61 < 26) {
      letters |= (letter as u64) << ((56 - 8 * count) as u64)
      count += 1
    } else if (byte != 0x5f && byte != 0x2d && byte != 0x2e) break
  }
  for (let name = namesAt; name < namesEnd; name += wordBytes) if ((letters & load<u64>(name, 8)) == load<u64>(name)) return true
  return false
}
