/** Bytes on disk, as the file system gives them out (whole blocks), and what of ClickHouse's is only waiting to be deleted. */
import { lstatSync, readdirSync, realpathSync } from 'node:fs'
import { basename, join } from 'node:path'

const blockBytes = 512

/** Everything below `folder`; files that vanish meanwhile count nothing. */
export function diskBytes(folder) {
  let sum = 0
  for (const { path, entry } of walk(folder)) sum += entry.isDirectory() ? 0 : allocated(path)
  return sum
}

function* walk(folder) {
  for (const entry of listed(folder)) {
    const path = join(folder, entry.name)
    yield { path, entry }
    if (entry.isDirectory()) yield* walk(path)
  }
}

function listed(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

function allocated(path) {
  try {
    return lstatSync(path).blocks * blockBytes
  } catch {
    return 0
  }
}

/** Parts of a table as their folders are named: `<partition>_<first block>_<last block>_<level>[_<mutation>]`. */
function parsePart(path) {
  const match = /^(.+)_(\d+)_(\d+)_(\d+)(?:_\d+)?$/.exec(basename(path))
  return match === null ? null : { path, partition: match[1], first: Number(match[2]), last: Number(match[3]), level: Number(match[4]) }
}

/** Parts that a merge has replaced stay for some minutes; they are those whose blocks a part of a higher level has too. */
function splitParts(tableFolder) {
  const parts = listed(tableFolder)
    .filter((entry) => entry.isDirectory())
    .map((entry) => parsePart(join(tableFolder, entry.name)))
    .filter((part) => part !== null)
  const isReplaced = (part) =>
    parts.some(
      (other) => other.partition === part.partition && other.level > part.level && other.first <= part.first && other.last >= part.last,
    )
  return { active: parts.filter((part) => !isReplaced(part)), replaced: parts.filter(isReplaced) }
}

/**
 * Of a data directory of Bellwether: `{ allBytes, replacedBytes, samplesBytes, columns }`: all files, the part of them that belongs to
 * merged-away parts, the active parts of the table `samples`, and its columns (`{ ts: bytes, … }`, compressed data without marks).
 */
export function bellwetherDisk(dataDir) {
  const store = join(dataDir, 'clickhouse/store/data/bellwether')
  const result = { allBytes: diskBytes(dataDir), replacedBytes: 0, samplesBytes: 0, samplesParts: 0, columns: {} }
  for (const table of listed(store)) {
    const { active, replaced } = splitParts(realpathSync(join(store, table.name)))
    for (const part of replaced) result.replacedBytes += diskBytes(part.path)
    if (table.name !== 'samples') continue
    result.samplesParts = active.length
    for (const part of active) {
      result.samplesBytes += diskBytes(part.path)
      for (const file of listed(part.path)) {
        const column = /^(\w+)\.bin$/.exec(file.name)?.[1]
        if (column !== undefined) result.columns[column] = (result.columns[column] ?? 0) + lstatSync(join(part.path, file.name)).size
      }
    }
  }
  return result
}
