/**
 * Texts that come again and again (names of members, services, levels), numbered from 1 in the order in which they came. Found by a hash that
 * is keyed by the process, and compared. It is never larger than its memory: whoever finds it full forgets all of it.
 */

/** A word: place and length of its text, its hash, what the caller knows of it as a name and as a level, and the name that followed it last. */
export const wordBytes: usize = 32
const textField: usize = 0
const lengthField: usize = 4
const hashField: usize = 8
/** Role of the name; 0 as long as the caller did not tell. */
export const roleField: usize = 12
/** Severity of the level; `notTold` as long as the caller did not tell. */
export const severityField: usize = 16
export const followerField: usize = 20
export const notTold: u32 = 255

const slotsPerWord: u32 = 4

let words: usize = 0
let wordsMax: u32 = 0
let slots: usize = 0
let texts: usize = 0
let textsEnd: usize = 0
let seed: u64 = 0
let count: u32 = 0
let free: usize = 0

/** `bound`: a power of two; words lie at `wordsFrom` (0 is none of them), their slots (4 a word, u32) at `slotsFrom`. */
export function layOutWords(wordsFrom: usize, bound: u32, slotsFrom: usize, textsFrom: usize, textBytes: usize, key: u64): void {
  words = wordsFrom
  wordsMax = bound
  slots = slotsFrom
  texts = textsFrom
  textsEnd = textsFrom + textBytes
  seed = key
  forgetWords()
}

export function forgetWords(): void {
  count = 0
  free = texts
  memory.fill(slots, 0, ((wordsMax * slotsPerWord) as usize) << 2)
  memory.fill(words, 0, wordBytes)
}

export function wordCount(): u32 {
  return count
}

/** Where the word with this number lies. */
export function wordAt(word: u32): usize {
  return words + (word as usize) * wordBytes
}

/** The number of the text in `[at, end)`, which is not empty; 0 when there is no room for it. */
export function wordOf(at: usize, end: usize): u32 {
  const length = end - at
  const hash = hashOf(at, end)
  const mask = wordsMax * slotsPerWord - 1
  let slot = hash & mask
  for (;;) {
    const word = load<u32>(slots + ((slot as usize) << 2))
    if (word == 0) break
    const found = wordAt(word)
    const mayBe = load<u32>(found, hashField) == hash && (load<u32>(found, lengthField) as usize) == length
    if (mayBe && isSame(load<u32>(found, textField), at, length)) return word
    slot = (slot + 1) & mask
  }
  // Copied in steps of 16 bytes.
  if (count + 1 == wordsMax || free + length + 16 > textsEnd) return 0
  count += 1
  const word = wordAt(count)
  store<u32>(word, free as u32, textField)
  store<u32>(word, length as u32, lengthField)
  store<u32>(word, hash, hashField)
  store<u32>(word, 0, roleField)
  store<u32>(word, notTold, severityField)
  store<u32>(word, 0, followerField)
  copyText(free, at, length)
  free += length
  store<u32>(slots + ((slot as usize) << 2), count)
  return count
}

/** Whether the text at `at` begins with the word, followed by a quote and a colon; where that ends, else 0. */
export function pastName(word: usize, at: usize, end: usize): usize {
  const length = load<u32>(word, lengthField) as usize
  const behind = at + length + 2
  // A quote, a colon.
  if (behind > end || load<u16>(at + length) != 0x3a22 || !isSame(load<u32>(word, textField), at, length)) return 0
  return behind
}

/** May read and write up to 15 bytes behind. */
export function copyText(to: usize, from: usize, length: usize): void {
  for (let i: usize = 0; i < length; i += 16) v128.store(to + i, v128.load(from + i))
}

function isSame(a: usize, b: usize, length: usize): bool {
  let i: usize = 0
  for (; i + 16 <= length; i += 16) if (v128.any_true(v128.xor(v128.load(a + i), v128.load(b + i)))) return false
  if (i == length) return true
  const same = i8x16.bitmask(i8x16.eq(v128.load(a + i), v128.load(b + i)))
  const wanted = (1 << ((length - i) as i32)) - 1
  return (same & wanted) == wanted
}

function hashOf(at: usize, end: usize): u32 {
  let hash = seed ^ ((end - at) as u64)
  for (; at + 8 <= end; at += 8) hash = mixed(hash ^ load<u64>(at))
  if (at < end) hash = mixed(hash ^ (load<u64>(at) & ((1 << (((end - at) as u64) * 8)) - 1)))
  return (hash ^ (hash >> 29)) as u32
}

/** One to one; the upper half of a product knows all bits below it. */
function mixed(value: u64): u64 {
  const product = value * 0x9e3779b97f4a7c15
  return product ^ (product >> 32)
}
