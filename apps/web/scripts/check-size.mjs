/**
 * Script sizes after a build, gzipped, against their budgets: the first route, each lazy page, the chart library, the editor.
 * Exits 1 when one is over. Run after `vite build apps/web`.
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist')
const firstRouteBytesMax = 200_000
const lazyBytesMax = 60_000
/** Libraries behind a chart and the editor: loaded after the page stands, and only where they are used. */
const libraryBytesMax = { 'src/charts/echarts.ts': 180_000, 'src/features/metrics/PromqlEditor.tsx': 150_000 }

const manifest = JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8'))
const sizeOf = (key) => gzipSync(readFileSync(join(dist, manifest[key].file))).length

/** A chunk and what it imports at once. */
function closure(key, found = new Set()) {
  if (found.has(key)) return found
  found.add(key)
  for (const next of manifest[key].imports ?? []) closure(next, found)
  return found
}

const sum = (keys) => [...keys].reduce((total, key) => total + sizeOf(key), 0)
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`
const first = closure('index.html')
const rows = [['first route', sum(first), firstRouteBytesMax]]
for (const [key, chunk] of Object.entries(manifest)) {
  if (chunk.isDynamicEntry !== true) continue
  const library = libraryBytesMax[key]
  // A library's chunk by itself: what it shares with the page that uses it is loaded by then.
  const own = library === undefined ? [...closure(key)].filter((each) => !first.has(each)) : [key]
  rows.push([key, sum(own), library ?? lazyBytesMax])
}
let failed = false
for (const [name, bytes, max] of rows.sort((a, b) => b[1] - a[1])) {
  const over = bytes > max
  failed ||= over
  console.log(`${over ? 'OVER ' : 'ok   '} ${name}: ${kilobytes(bytes)} of ${kilobytes(max)}`)
}
process.exitCode = failed ? 1 : 0
