/**
 * Words of a text as the text index has them (`splitByNonAlpha` over `lowerUTF8`): runs of ASCII letters and digits and of everything beyond
 * ASCII, in lower case.
 */
const wordPattern = /[0-9A-Za-z\u0080-\u{10ffff}]+/gu

/** All words of a text, in order, repeated ones too. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(wordPattern) ?? []
}

export function isWordChar(code: number): boolean {
  return code >= 0x80 || (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)
}

/** Words that stand whole within `run`: its first and last may be parts of longer ones unless `startsWord`, `endsWord`. */
export function wholeWordsOf(run: string, startsWord: boolean, endsWord: boolean): string[] {
  const words = wordsOf(run)
  if (words.length === 0) return []
  if (!endsWord && isWordChar(run.charCodeAt(run.length - 1))) words.pop()
  if (!startsWord && isWordChar(run.charCodeAt(0))) words.shift()
  return words
}

/** Does `folded` have `words` one after another, whatever stands between them? All are in lower case. */
export function hasWordsInOrder(folded: string, words: readonly string[]): boolean {
  const first = words[0] ?? ''
  for (let at = folded.indexOf(first); at !== -1; at = folded.indexOf(first, at + 1)) {
    if (at > 0 && isWordChar(folded.charCodeAt(at - 1))) continue
    if (followsAt(folded, at, words)) return true
  }
  return false
}

/** Do the words stand at `start`, each whole, with nothing but other characters between them? */
function followsAt(text: string, start: number, words: readonly string[]): boolean {
  let at = start
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    if (i > 0) {
      const before = at
      while (at < text.length && !isWordChar(text.charCodeAt(at))) at++
      if (at === before) return false
    }
    if (!text.startsWith(word, at)) return false
    at += word.length
    if (at < text.length && isWordChar(text.charCodeAt(at))) return false
  }
  return true
}
