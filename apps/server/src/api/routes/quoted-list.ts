/** Lists in one parameter of an address: items with commas between them, quoted as in CSV where an item holds a comma or begins with a quote. */

/** `a,"b, ""c"""` is `a` and `b, "c"`; nothing is no item. What follows a closing quote belongs to the item. */
export function listOf(text: string): string[] {
  if (text === '') return []
  const items: string[] = []
  let at = 0
  while (at <= text.length) {
    const quoted = text[at] === '"' ? closingQuote(text, at) : -1
    const comma = text.indexOf(',', quoted < 0 ? at : quoted)
    const end = comma < 0 ? text.length : comma
    const item = text.slice(at, end)
    items.push(quoted < 0 ? item : text.slice(at + 1, quoted).replaceAll('""', '"') + text.slice(quoted + 1, end))
    at = end + 1
  }
  return items
}

/** Where the quote that opens at `open` closes; -1 when it does not, which makes it an ordinary character. */
function closingQuote(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] !== '"') continue
    if (text[at + 1] !== '"') return at
    at++
  }
  return -1
}
