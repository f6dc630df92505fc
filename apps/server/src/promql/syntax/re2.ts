/**
 * Label patterns. Prometheus takes RE2; this program runs them as JavaScript expressions, anchored, with a bound on their length.
 * Differences: RE2's linear time is not promised (see match-texts.ts), and `\\Q...\\E`, `\\pN` without braces and POSIX classes are refused.
 */
/** Label value pattern in RE2's syntax as a JavaScript expression, anchored. Throws `SyntaxError`. */
export function compileAnchored(pattern: string): RegExp {
  if (pattern.length > regexLengthMax) throw new SyntaxError(`pattern is longer than ${regexLengthMax} characters`)
  return new RegExp(`^(?:${translateRe2(pattern)})$`, 'su')
}

/** Bounds the work a label pattern can ask for. */
export const regexLengthMax = 10_000

/** RE2 spellings that JavaScript writes differently: `(?P<n>`, leading `(?i)`-like flags, `\z`, `\A`, escaped plain characters. */
function translateRe2(pattern: string, isFolded = false): string {
  const source = pattern.replaceAll('(?P<', '(?<')
  let out = ''
  for (let i = 0; i < source.length; i++) {
    const char = source.charAt(i)
    if (char === '\\') {
      const next = source.charAt(++i)
      if (next === 'A') out += '^'
      else if (next === 'z') out += '$'
      else if (/[a-zA-Z0-9^$\\.*+?()[\]{}|/]/.test(next)) out += char + next
      else if (next === '-') out += '\\x2d'
      else out += next
      continue
    }
    const flags = char === '(' ? /^\(\?([imsU]+)([:)])/.exec(source.slice(i)) : null
    if (flags !== null) {
      const { text, skip } = translateFlags(source, { at: i, opening: flags, isFolded })
      out += text
      i += skip - 1
      continue
    }
    out += char
  }
  return out
}

/**
 * `(?i:x)` and `(?i)x` to the end of the enclosing group: case folding is spelled out, since Node 20 has no inline flags.
 * `opening` is the match of the flag group at `at`; `skip` says how many characters of the source were used. Within a group that is
 * folded (`isFolded`) nothing is folded again: each time would double the text.
 */
function translateFlags(
  source: string,
  { at, opening, isFolded }: { at: number; opening: RegExpExecArray; isFolded: boolean },
): { text: string; skip: number } {
  const [whole, flags = '', form = ''] = opening
  const start = at + whole.length
  const end = groupEnd(source, start)
  const folds = flags.includes('i') && !isFolded
  const inner = translateRe2(source.slice(start, end), isFolded || folds)
  const body = folds ? foldCase(inner) : inner
  return { text: `(?:${body})`, skip: (form === ':' ? end + 1 : end) - at }
}

/** Index of the `)` that closes the group containing `from`, or the end of the pattern. */
function groupEnd(source: string, from: number): number {
  let depth = 0
  let inClass = false
  for (let i = from; i < source.length; i++) {
    const char = source.charAt(i)
    if (char === '\\') i++
    else if (inClass) inClass = char !== ']'
    else if (char === '[') inClass = true
    else if (char === '(') depth++
    else if (char === ')' && depth-- === 0) return i
  }
  return source.length
}

function foldCase(pattern: string): string {
  let out = ''
  let inClass = false
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i)
    if (char === '\\') {
      out += char + pattern.charAt(++i)
      continue
    }
    if (char === '(' && pattern.startsWith('(?<', i) && !/[=!]/.test(pattern.charAt(i + 3))) {
      const close = pattern.indexOf('>', i)
      out += pattern.slice(i, close + 1)
      i = close
      continue
    }
    const lower = char.toLowerCase()
    const upper = char.toUpperCase()
    if (inClass) {
      inClass = char !== ']'
      const range = /^([a-z])-([a-z])/i.exec(pattern.slice(i))
      if (range !== null) {
        out += `${range[0].toLowerCase()}${range[0].toUpperCase()}`
        i += 2
      } else out += lower === upper ? char : lower + upper
    } else if (char === '[') {
      inClass = true
      out += char
    } else out += lower === upper || lower.length !== 1 || upper.length !== 1 ? char : `[${lower}${upper}]`
  }
  return out
}
