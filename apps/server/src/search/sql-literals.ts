/** Literals of ClickHouse's SQL. Statements are built as text because bound parameters are run one after another in the embedded engine. */

/** A string literal. Every character that the engine's lexer reads specially is escaped. */
export function sqlString(text: string): string {
  let out = "'"
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i)
    if (char === '\\' || char === "'") out += `\\${char}`
    else if (char === '\n') out += '\\n'
    else if (char === '\r') out += '\\r'
    else if (char === '\t') out += '\\t'
    else if (char === '\0') out += '\\0'
    else out += char
  }
  // A lone surrogate would become U+FFFD on its way; said so here, the text and the matcher see the same.
  return `${out.replaceAll(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD')}'`
}

/** The literal text of a LIKE pattern, not quoted yet. */
export function likeText(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&')
}

/** The literal text of a regular expression, not quoted yet. */
export function patternText(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, '\\$&')
}

/** A number. */
export function sqlNumber(value: number): string {
  if (Number.isSafeInteger(value)) return value < 0 ? `(${value})` : String(value)
  return `toFloat64('${value}')`
}
