/** Finds the engine's library among the optional packages, one a platform. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { AppError } from '../../../kernel/errors.ts'
import { engineLibraryMissing } from '../../errors.ts'

const fileNames = ['libchdb.so', 'libchdb.dylib']

/** Name of the package that would have the library, e.g. `@chdb/lib-linux-x64-gnu`. */
export function libraryPackage(platform: string, arch: string): string {
  return `@chdb/lib-${platform}-${arch}${platform === 'linux' ? '-gnu' : ''}`
}

/** Path of the library. Throws `engine.library_missing`, which names the platform and the way out. */
export function findLibrary(platform: string = process.platform, arch: string = process.arch): string {
  const name = libraryPackage(platform, arch)
  const folder = packageFolder(name)
  const path = folder === null ? undefined : fileNames.map((file) => join(folder, file)).find((file) => existsSync(file))
  if (path !== undefined) return path
  throw new AppError(engineLibraryMissing, {
    publicText: `There is no embedded ClickHouse for ${platform}-${arch} here (the package ${name} is not installed).`,
    hint: 'Set BELLWETHER_CLICKHOUSE_URL to a ClickHouse server, or install on Linux (glibc) or macOS without leaving out optional packages.',
  })
}

function packageFolder(name: string): string | null {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
  } catch {
    return null
  }
}
