/** What can go wrong with the engines. Codes are a contract; see `clickhouse/ports.ts` for those a statement can end with. */
import type { ErrorSpec } from '../kernel/errors.ts'

export const engineUnavailable: ErrorSpec = {
  code: 'engine.unavailable',
  kind: 'unavailable',
  publicText: 'The storage engine does not answer right now.',
  hint: 'It is starting or restarting; try again in a few seconds.',
}

export const engineTimeout: ErrorSpec = {
  code: 'engine.timeout',
  kind: 'timeout',
  publicText: 'The storage engine took longer than the query may take.',
  hint: 'Ask for a shorter time range or fewer series.',
}

export const engineMemory: ErrorSpec = {
  code: 'engine.memory',
  kind: 'limit',
  publicText: 'The query needs more memory than it may use.',
  hint: 'Ask for a shorter time range or fewer series.',
}

export const engineTooManyRows: ErrorSpec = {
  code: 'engine.too_many_rows',
  kind: 'limit',
  publicText: 'The query would read or return more rows than it may.',
  hint: 'Ask for a shorter time range or fewer series.',
}

export const engineCanceled: ErrorSpec = {
  code: 'engine.canceled',
  kind: 'canceled',
  publicText: 'The query was canceled.',
}

export const engineDiskFull: ErrorSpec = {
  code: 'engine.disk_full',
  kind: 'unavailable',
  publicText: 'The disk of the storage engine is full.',
  hint: 'Free space in the data directory.',
}

export const engineTooManyParts: ErrorSpec = {
  code: 'engine.too_many_parts',
  kind: 'unavailable',
  publicText: 'The storage engine is still merging earlier data.',
}

export const engineRejected: ErrorSpec = {
  code: 'engine.rejected',
  kind: 'internal',
  publicText: 'The storage engine refused the statement.',
}

export const engineStartFailed: ErrorSpec = {
  code: 'engine.start_failed',
  kind: 'unavailable',
  publicText: 'An engine did not start.',
}

export const engineLibraryMissing: ErrorSpec = {
  code: 'engine.library_missing',
  kind: 'unavailable',
  publicText: 'There is no embedded engine for this platform.',
}

export const engineConnectFailed: ErrorSpec = {
  code: 'engine.connect_failed',
  kind: 'unavailable',
  publicText: 'The configured engine cannot be used.',
}

export const engineSchemaNewer: ErrorSpec = {
  code: 'engine.schema_newer',
  kind: 'conflict',
  publicText: 'The database was written by a newer version of Bellwether.',
  hint: 'Run that version or a later one; going back is not possible.',
}

export const engineMigrationFailed: ErrorSpec = {
  code: 'engine.migration_failed',
  kind: 'unavailable',
  publicText: 'The database could not be brought to the schema of this version.',
}

export const dataDirUnusable: ErrorSpec = {
  code: 'data_dir.unusable',
  kind: 'unavailable',
  publicText: 'The data directory cannot be used.',
  hint: 'Set BELLWETHER_DATA_DIR to a directory that this user may write.',
}

export const dataDirLocked: ErrorSpec = {
  code: 'data_dir.locked',
  kind: 'conflict',
  publicText: 'Another Bellwether uses this data directory.',
  hint: 'Stop it, or give this one another BELLWETHER_DATA_DIR.',
}
