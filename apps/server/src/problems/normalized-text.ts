/** Texts with what differs from one occurrence to the next taken out, so that the same error has the same text. All of it is linear in time. */

/** Longest text that is looked at; what differs further back does not matter to grouping. */
const charsMax = 1000

const patterns: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '<uuid>'],
  [/https?:\/\/[^\s"'<>)]{1,500}/gi, '<url>'],
  [/[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,4}/g, '<email>'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/g, '<ip>'],
  [/\b0x[0-9a-f]{1,32}\b/gi, '<hex>'],
  [/\b(?=[0-9a-f]{0,40}\d)(?=[0-9a-f]{0,40}[a-f])[0-9a-f]{8,64}\b/gi, '<hex>'],
  [/\d+(?:\.\d+)?/g, '<n>'],
]

/** `Order 4711 of a@b.example failed` → `Order <n> of <email> failed`. */
export function maskVariables(text: string): string {
  let masked = text.length > charsMax ? text.slice(0, charsMax) : text
  for (const [pattern, name] of patterns) masked = masked.replace(pattern, name)
  return masked.replace(/\s+/g, ' ').trim()
}

const buildHash = /([-.])(?:[0-9a-f]{8,40}|(?=[\w-]{0,12}\d)[A-Za-z0-9_-]{8,12})(?=\.[a-z]{1,4}$)/

/**
 * The part of a file's name that stays from build to build and host to host: no scheme, host or query, no hash of the bundler, of a
 * dependency only what follows `node_modules`.
 */
export function stableFile(file: string): string {
  const known = stableFiles.get(file)
  if (known !== undefined) return known
  if (stableFiles.size >= stableFilesMax) stableFiles.clear()
  const made = withoutBuild(file)
  stableFiles.set(file, made)
  return made
}

/** Programs have few files, and each error names some dozen of them. */
const stableFilesMax = 4096
const stableFiles = new Map<string, string>()

function withoutBuild(file: string): string {
  const plain = file.replace(/^(?:https?:\/\/[^/]*\/|[a-z-]{2,20}:\/\/\/?)/, '').replace(/[?#].*$/, '')
  const dependency = plain.lastIndexOf('/node_modules/')
  const name = dependency === -1 ? lastParts(plain, 2) : plain.slice(dependency + '/node_modules/'.length)
  return name.replace(buildHash, '$1<hash>')
}

function lastParts(path: string, count: number): string {
  return path.split(/[\\/]/).slice(-count).join('/')
}

/** Characters of a function's name that count. */
const functionCharsMax = 500

/** `Object.<anonymous>`, `new Cart`, `async handle [as request]` → what is left when the wrapping is taken off. */
export function stableFunction(name: string): string {
  const plain = name
    .slice(0, functionCharsMax)
    .replace(/^(?:async |new |Object\.|Module\.|process\.)+/, '')
    .replace(/ \[as [^\]]{1,200}\]$/, '')
    .replace(/(?:\/<|<\/)+$/, '')
    .replace(/\$\d+|\b0x[0-9a-f]+\b|lambda\$\d+/g, '')
  if (plain === '' || plain === '?' || plain === '<anonymous>' || plain === 'anonymous') return '<anonymous>'
  return plain
}
