/** Bundles as Sentry's tools make them, for tests: 8 bytes of a mark, then a zip archive with a manifest. */
import zlib from 'node:zlib'
import type { ByteSource } from '../zip-archive.ts'

export interface MadeEntry {
  readonly name: string
  readonly content: string | Buffer
  readonly isStored?: boolean
  /** What the directory says instead of the size that it has. */
  readonly saidBytes?: number
  readonly method?: number
  readonly flags?: number
}

/** A zip archive; offsets in it count from its own start, behind the mark. */
export function zipOf(entries: readonly MadeEntry[], mark: string | Buffer = ''): Buffer {
  const files: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, content, isStored = false, saidBytes, method, flags = 0 } of entries) {
    const plain = Buffer.from(content)
    const packed = isStored ? plain : zlib.deflateRawSync(plain)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(flags, 2)
    common.writeUInt16LE(method ?? (isStored ? 0 : 8), 4)
    common.writeUInt32LE(zlib.crc32?.(plain) ?? 0, 10)
    common.writeUInt32LE(packed.byteLength, 14)
    common.writeUInt32LE(saidBytes ?? plain.byteLength, 18)
    common.writeUInt16LE(Buffer.byteLength(name), 22)
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, Buffer.from(name), packed])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0003'), common, rest, Buffer.from(name)]))
    files.push(local)
    offset += local.byteLength
  }
  const directoryBytes = directory.reduce((sum, { byteLength }) => sum + byteLength, 0)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(directoryBytes, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([Buffer.from(mark), ...files, ...directory, Buffer.from('PK\u0005\u0006'), end])
}

export interface MadeFile {
  /** `app.js` of `~/app.js`. */
  readonly path: string
  readonly type: 'minified_source' | 'source_map'
  readonly headers?: Readonly<Record<string, string>>
  readonly content: string | Buffer
}

export function bundleOf(files: readonly MadeFile[], more: readonly MadeEntry[] = []): Buffer {
  const manifest = {
    files: Object.fromEntries(files.map(({ path, type, headers = {} }) => [`files/_/_/${path}`, { type, url: `~/${path}`, headers }])),
    debug_id: '0135c88f-211d-5e77-a2f7-5ea76ed37f75',
    org: 'default',
    project: 'default',
  }
  const entries = files.map(({ path, content }) => ({ name: `files/_/_/${path}`, content }))
  return zipOf([...entries, ...more, { name: 'manifest.json', content: JSON.stringify(manifest) }], Buffer.from('SYSB\u0002\0\0\0'))
}

export function sourceOf(bytes: Buffer): ByteSource {
  return {
    sizeBytes: bytes.byteLength,
    read: async (from, lengthBytes) => await Promise.resolve(bytes.subarray(from, from + lengthBytes)),
  }
}
