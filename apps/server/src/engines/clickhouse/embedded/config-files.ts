/**
 * The embedded engine's configuration. It listens on loopback only, and answers only who knows a secret header and a password,
 * both made anew at every opening; the launcher itself is the user `default`, who may open listeners and nothing else. The
 * program's user has no way to files or other hosts (table functions and engines of that sort are not granted).
 * Tags: ClickHouse docs, "Server settings" and "User settings".
 */
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface EngineSecrets {
  readonly username: string
  readonly password: string
  readonly header: string
  readonly secret: string
}

export interface EngineFiles {
  /** Folder for the configuration; absolute. */
  readonly folder: string
  /** Folder for the engine's logs; absolute. */
  readonly logs: string
  readonly memoryMaxBytes: number
}

const grants = 'SHOW, SELECT, INSERT, ALTER, CREATE, DROP, TRUNCATE, OPTIMIZE, KILL QUERY, dictGet, SYSTEM, BACKUP ON *.*'
/** Database and table engines that keep their data here; the others reach for files, hosts or processes. */
const engines = [
  'Atomic',
  'Memory',
  'Null',
  'Buffer',
  'View',
  'MaterializedView',
  'Distributed',
  'MergeTree',
  'ReplacingMergeTree',
  'SummingMergeTree',
  'AggregatingMergeTree',
  'CollapsingMergeTree',
  'VersionedCollapsingMergeTree',
]
const mebibyte = 1024 * 1024

export function makeSecrets(): EngineSecrets {
  return {
    username: 'bellwether',
    password: randomBytes(24).toString('hex'),
    header: 'X-Engine-Secret',
    secret: randomBytes(24).toString('hex'),
  }
}

/** Writes `config.xml` and `users.xml`, readable by this user only; gives the path of the first. */
export function writeEngineConfig(files: EngineFiles, secrets: EngineSecrets): string {
  const users = join(files.folder, 'users.xml')
  const config = join(files.folder, 'config.xml')
  writeFileSync(users, usersXml(secrets), { mode: 0o600 })
  writeFileSync(config, configXml(files, users, secrets), { mode: 0o600 })
  return config
}

/**
 * Defaults of every table. A merge costs about as much CPU a row as the insert did, so it waits for ten parts of a size in place of
 * five: each row is rewritten half as often (the engine lowers the bar by itself as parts grow older or many). Merged parts are
 * synced, so that the parts they replace need not be kept for eight minutes against a power cut: under load those took three
 * times the space of the data. Statistics of columns are made anew by every insert and merge, and nothing here is planned by them.
 */
const mergeTreeSettings: Readonly<Record<string, string>> = {
  merge_selector_base: '10',
  min_rows_to_fsync_after_merge: '1',
  fsync_part_directory: '1',
  old_parts_lifetime: '60',
  auto_statistics_types: '',
}

/** The caches of the engine take this much of its cap when they are full. */
function cacheBytes(memoryMaxBytes: number): number {
  return Math.max(16 * mebibyte, Math.floor(memoryMaxBytes / 32))
}

function configXml(files: EngineFiles, users: string, secrets: EngineSecrets): string {
  const cache = cacheBytes(files.memoryMaxBytes)
  return `<clickhouse>
  <users_config>${escapeXml(users)}</users_config>
  <timezone>UTC</timezone>
  <logger>
    <log>${escapeXml(join(files.logs, 'clickhouse-engine.log'))}</log>
    <errorlog>${escapeXml(join(files.logs, 'clickhouse-engine.err.log'))}</errorlog>
    <size>4M</size><count>2</count>
  </logger>
  <max_server_memory_usage>${files.memoryMaxBytes}</max_server_memory_usage>
  <mark_cache_size>${2 * cache}</mark_cache_size>
  <primary_index_cache_size>${2 * cache}</primary_index_cache_size>
  <index_mark_cache_size>${cache}</index_mark_cache_size>
  <index_uncompressed_cache_size>0</index_uncompressed_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <mmap_cache_size>64</mmap_cache_size>
  <compiled_expression_cache_size>${16 * mebibyte}</compiled_expression_cache_size>
  <background_pool_size>2</background_pool_size>
  <background_schedule_pool_size>4</background_schedule_pool_size>
  <background_common_pool_size>2</background_common_pool_size>
  <background_move_pool_size>1</background_move_pool_size>
  <background_fetches_pool_size>1</background_fetches_pool_size>
  <max_thread_pool_free_size>8</max_thread_pool_free_size>
  <max_concurrent_queries>64</max_concurrent_queries>
  <merge_tree>${Object.entries(mergeTreeSettings)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('')}</merge_tree>
  <http_handlers>
    <rule><url>/ping</url><handler><type>ping</type></handler></rule>
    <rule>
      <headers><${secrets.header}>${secrets.secret}</${secrets.header}></headers>
      <handler><type>dynamic_query_handler</type><query_param_name>query</query_param_name></handler>
    </rule>
  </http_handlers>
</clickhouse>
`
}

function usersXml(secrets: EngineSecrets): string {
  const hash = createHash('sha256').update(secrets.password).digest('hex')
  const loopback = '<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>'
  return `<clickhouse>
  <profiles><default><async_insert>0</async_insert></default></profiles>
  <quotas><default/></quotas>
  <users>
    <default>
      <no_password/>${loopback}
      <grants><query>GRANT SYSTEM LISTEN ON *.*</query></grants>
    </default>
    <${secrets.username}>
      <password_sha256_hex>${hash}</password_sha256_hex>${loopback}
      <grants>${[grants, ...engines.map((engine) => `TABLE ENGINE ON ${engine}`)].map((grant) => `<query>GRANT ${grant}</query>`).join('')}</grants>
    </${secrets.username}>
  </users>
</clickhouse>
`
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
