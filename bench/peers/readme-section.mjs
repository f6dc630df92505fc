/** Rewrites a generated part of a document, between `<!-- name -->` and `<!-- end of name -->`. */
import { readFileSync, writeFileSync } from 'node:fs'

/** Throws when the document has no such markers. */
export function rewriteSection(path, name, text) {
  const document = readFileSync(path, 'utf8')
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`]
  const from = document.indexOf(begin)
  const to = document.indexOf(end)
  if (from < 0 || to < from) throw new Error(`${path} has no section between ${begin} and ${end}`)
  writeFileSync(path, `${document.slice(0, from + begin.length)}\n${text}\n${document.slice(to)}`)
}
