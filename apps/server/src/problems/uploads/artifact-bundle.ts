/**
 * Artifact bundles, as Sentry's tools make them of a build: a zip archive (behind 8 bytes of a mark) whose `manifest.json` says of each file its
 * type, its address in stacks, its debug id and the source map that it names. Read for source maps alone: whose map each one is.
 */
import { isRecord, jsonOf, textOf } from '../error-facts.ts'
import { bundleDirectoryBytesMax, bundleEntriesMax, bundleManifestBytesMax, sourceMapNameCharsMax } from '../limits.ts'
import { readZipDirectory, readZipEntry, ZipError, type ByteSource, type ZipEntry } from './zip-archive.ts'

/** A source map of a bundle, not read yet. */
export interface BundledMap {
  /** Of the minified file, as the bundle has it: `~/assets/app.js`. */
  readonly name: string
  readonly debugId: string | null
  readonly entry: ZipEntry
}

interface ManifestFile {
  readonly path: string
  readonly type: string
  readonly url: string
  readonly debugId: string | null
  /** The map that a minified file names; '' for none. */
  readonly reference: string
}

/** The source maps of a bundle, each once for each minified file that names it. Errors: `ZipError`. */
export async function readBundle(source: ByteSource): Promise<BundledMap[]> {
  const entries = await readZipDirectory(source, { entriesMax: bundleEntriesMax, directoryBytesMax: bundleDirectoryBytesMax })
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  const manifestEntry = byName.get('manifest.json')
  if (manifestEntry === undefined) throw new ZipError('the bundle has no manifest.json')
  const manifest = jsonOf((await readZipEntry(source, manifestEntry, bundleManifestBytesMax)).toString('utf8'))
  const files = isRecord(manifest) ? manifest['files'] : null
  if (!isRecord(files)) throw new ZipError('the manifest of the bundle is not valid JSON with files')
  return mapsOf(
    Object.entries(files).flatMap(([path, file]) => (isRecord(file) ? [toFile(path, file)] : [])),
    byName,
  )
}

function toFile(path: string, file: Record<string, unknown>): ManifestFile {
  const headers = headersOf(file['headers'])
  const header = (...names: readonly string[]): string => names.map((name) => headers.get(name) ?? '').find((value) => value !== '') ?? ''
  const debugId = header('debug-id')
  return {
    path,
    type: textOf(file['type']),
    url: textOf(file['url']),
    debugId: debugId === '' ? null : debugId,
    reference: header('sourcemap', 'x-sourcemap'),
  }
}

/** An object, or pairs; names as HTTP has them. */
function headersOf(value: unknown): Map<string, string> {
  const pairs: readonly unknown[] = Array.isArray(value) ? value : isRecord(value) ? Object.entries(value) : []
  return new Map(pairs.flatMap((pair) => (Array.isArray(pair) ? [[textOf(pair[0]).toLowerCase(), textOf(pair[1])] as const] : [])))
}

function mapsOf(files: readonly ManifestFile[], entries: ReadonlyMap<string, ZipEntry>): BundledMap[] {
  const maps = files.filter(({ type }) => type === 'source_map')
  const byUrl = new Map(maps.map((map) => [map.url, map]))
  const byDebugId = new Map(maps.flatMap((map) => (map.debugId === null ? [] : [[map.debugId, map] as const])))
  const found: BundledMap[] = []
  const named = new Set<ManifestFile>()
  const add = (map: ManifestFile, url: string, debugId: string | null): void => {
    const entry = entries.get(map.path)
    named.add(map)
    if (entry !== undefined && url.length <= sourceMapNameCharsMax) found.push({ name: url, debugId, entry })
  }
  for (const { type, url, debugId, reference } of files) {
    if (type !== 'minified_source') continue
    const map = byUrl.get(resolvedReference(url, reference)) ?? (debugId === null ? undefined : byDebugId.get(debugId))
    if (map !== undefined) add(map, url, debugId ?? map.debugId)
  }
  // Those that no file names belong to the file that they are named after.
  for (const map of maps) if (!named.has(map)) add(map, map.url.replace(/\.map(?=$|[?#])/, ''), map.debugId)
  return found
}

/** `app.js.map` beside `~/assets/app.js` is `~/assets/app.js.map`; '' where it cannot be told. */
export function resolvedReference(url: string, reference: string): string {
  if (reference === '' || reference.startsWith('data:')) return ''
  const isPath = url.startsWith('~/')
  const base = isPath ? `http://~${url.slice(1)}` : url
  if (!URL.canParse(reference, base)) return reference
  const resolved = new URL(reference, base)
  // Addresses of URLs are percent-encoded; those of bundles are as the files are named.
  return isPath && resolved.host === '~' ? `~${decoded(resolved.pathname)}` : resolved.href
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
