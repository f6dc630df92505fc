/**
 * The scrape configuration as people have it: the `global` and `scrape_configs` of a Prometheus file. What is not supported is an error
 * that names its line, never silently left out. One key is ours: `project` of a job.
 */
import { resolve } from 'node:path'
import { compileRelabel, relabelActions, type RelabelConfig } from './relabel.ts'
import { scrapeProtocols, type HttpDiscovery, type JobLimits, type ScrapeConfig, type ScrapeJob, type ScrapeProtocol } from './config.ts'
import { invalidConfig } from './errors.ts'
import { readHttp } from './read-http.ts'
import { readGroup } from './target-groups.ts'
import { readYaml, type YamlMap, type YamlValue } from './yaml-reader.ts'
import { isAppError } from '../kernel/errors.ts'

/** Prometheus' defaults. */
const defaults = { intervalMs: 60_000, timeoutMs: 10_000, refreshMs: 60_000, project: 1 }
const textProtocols: readonly ScrapeProtocol[] = scrapeProtocols.filter((protocol) => protocol !== 'PrometheusProto')

/** Keys of a Prometheus file that are about other things than scraping. */
const unusedKeys = ['rule_files', 'alerting', 'remote_write', 'remote_read', 'storage', 'tracing', 'otlp', 'runtime']
const unusedGlobals = ['evaluation_interval', 'rule_query_offset', 'external_labels', 'query_log_file', 'scrape_failure_log_file']

interface JobDefaults {
  readonly intervalMs: number
  readonly timeoutMs: number | null
  readonly protocols: readonly ScrapeProtocol[] | null
  readonly nativeHistograms: boolean
  readonly classicHistograms: boolean
  readonly limits: JobLimits
}

const noLimits: JobLimits = {
  bodyBytesMax: 0,
  samplesMax: 0,
  labelsMax: 0,
  labelNameBytesMax: 0,
  labelValueBytesMax: 0,
  targetsMax: 0,
  droppedKept: 0,
}

/** `folder`: what relative paths begin at. Errors: `scrape.config_invalid`. */
export function readScrapeConfig(text: string, folder: string): ScrapeConfig {
  const top = readYaml(text)?.map()
  if (top === undefined) return { jobs: [], notes: [] }
  const notes: string[] = []
  const globals = readGlobals(top.take('global')?.map() ?? null, notes)
  const configs = top.take('scrape_configs')?.list() ?? []
  noteUnused(top, unusedKeys, notes)
  const jobs = configs.map((config) => readJob(config, globals, folder))
  const names = new Set<string>()
  for (const [index, { name }] of jobs.entries()) {
    if (names.has(name)) throw invalidConfig(`Line ${configs[index]?.line ?? 0}: job_name ${name} is there twice.`)
    names.add(name)
  }
  return { jobs, notes }
}

function noteUnused(map: YamlMap, unused: readonly string[], notes: string[]): void {
  for (const { key, line } of map.others()) {
    if (!unused.includes(key)) continue
    map.take(key)
    notes.push(`Line ${line}: ${map.path === '' ? '' : `${map.path}.`}${key} is not used here.`)
  }
  map.end()
}

function readGlobals(map: YamlMap | null, notes: string[]): JobDefaults {
  if (map === null)
    return { ...defaults, timeoutMs: null, protocols: null, nativeHistograms: false, classicHistograms: false, limits: noLimits }
  const globals = {
    intervalMs: readInterval(map.take('scrape_interval'), defaults.intervalMs),
    timeoutMs: map.take('scrape_timeout')?.durationMs() ?? null,
    protocols: map.take('scrape_protocols')?.list().map(readProtocol) ?? null,
    nativeHistograms: map.take('scrape_native_histograms')?.boolean() ?? false,
    classicHistograms: map.take('always_scrape_classic_histograms')?.boolean() ?? false,
    limits: readLimits(map, noLimits),
  }
  readNames(map)
  noteUnused(map, unusedGlobals, notes)
  return globals
}

/** Names are UTF-8 here and are not changed; a file that asks for something else is told so. */
function readNames(map: YamlMap): void {
  map.take('metric_name_validation_scheme')?.oneOf('utf8')
  map.take('metric_name_escaping_scheme')?.oneOf('allow-utf-8')
}

function readJob(value: YamlValue, globals: JobDefaults, folder: string): ScrapeJob {
  const map = value.map()
  const name = map.take('job_name')?.text() ?? ''
  if (name === '') throw value.wrong('needs a job_name')
  const project = map.take('project')
  const projectId = project?.count() ?? defaults.project
  if (projectId < 1) throw (project ?? value).wrong('must be the number of a project')
  const intervalMs = readInterval(map.take('scrape_interval'), globals.intervalMs)
  const timeout = map.take('scrape_timeout')
  const timeoutMs = timeout?.durationMs() ?? Math.min(globals.timeoutMs ?? defaults.timeoutMs, intervalMs)
  if (timeoutMs > intervalMs) throw (timeout ?? value).wrong('must not be longer than scrape_interval')
  const nativeHistograms = map.take('scrape_native_histograms')?.boolean() ?? globals.nativeHistograms
  const protocols = map.take('scrape_protocols')?.list().map(readProtocol) ?? globals.protocols
  readNames(map)
  const job: ScrapeJob = {
    name,
    projectId,
    intervalMs,
    timeoutMs,
    protocols: protocols ?? (nativeHistograms ? scrapeProtocols : textProtocols),
    fallbackProtocol: map.take('fallback_scrape_protocol')?.oneOf(...scrapeProtocols) ?? 'PrometheusText0.0.4',
    nativeHistograms,
    classicHistograms: map.take('always_scrape_classic_histograms')?.boolean() ?? globals.classicHistograms,
    honorLabels: map.take('honor_labels')?.boolean() ?? false,
    honorTimestamps: map.take('honor_timestamps')?.boolean() ?? true,
    tracksTimestamps: map.take('track_timestamps_staleness')?.boolean() ?? false,
    scheme: map.take('scheme')?.oneOf('http', 'https') ?? 'http',
    path: map.take('metrics_path')?.text() ?? '/metrics',
    params: readParams(map.take('params')),
    asksForGzip: map.take('enable_compression')?.boolean() ?? true,
    http: readHttp(map, folder),
    limits: readLimits(map, globals.limits),
    relabel: readRelabel(map.take('relabel_configs')) ?? (() => true),
    metricRelabel: readRelabel(map.take('metric_relabel_configs')),
    groups: (map.take('static_configs')?.list() ?? []).map(readGroup),
    files: (map.take('file_sd_configs')?.list() ?? []).map((each) => readFileDiscovery(each.map(), folder)),
    urls: (map.take('http_sd_configs')?.list() ?? []).map((each) => readHttpDiscovery(each, folder)),
    signature: JSON.stringify([value.toJSON(), globals]),
  }
  refuseOtherDiscoveries(map)
  map.end()
  return job
}

function refuseOtherDiscoveries(map: YamlMap): void {
  for (const { key, line } of map.others()) {
    if (key.endsWith('_sd_configs'))
      throw invalidConfig(
        `Line ${line}: ${key} is not supported. Targets come from static_configs, file_sd_configs and http_sd_configs; a file or an address that your system writes can stand in for it.`,
      )
  }
}

function readInterval(value: YamlValue | null, otherwise: number): number {
  if (value === null) return otherwise
  const ms = value.durationMs()
  if (ms < 100) throw value.wrong('must be at least 100ms')
  return ms
}

function readProtocol(value: YamlValue): ScrapeProtocol {
  return value.oneOf(...scrapeProtocols)
}

function readLimits(map: YamlMap, otherwise: JobLimits): JobLimits {
  const count = (key: string, value: number): number => map.take(key)?.count() ?? value
  return {
    bodyBytesMax: map.take('body_size_limit')?.sizeBytes() ?? otherwise.bodyBytesMax,
    samplesMax: count('sample_limit', otherwise.samplesMax),
    labelsMax: count('label_limit', otherwise.labelsMax),
    labelNameBytesMax: count('label_name_length_limit', otherwise.labelNameBytesMax),
    labelValueBytesMax: count('label_value_length_limit', otherwise.labelValueBytesMax),
    targetsMax: count('target_limit', otherwise.targetsMax),
    droppedKept: count('keep_dropped_targets', otherwise.droppedKept),
  }
}

function readParams(value: YamlValue | null): Record<string, readonly string[]> {
  return Object.fromEntries((value?.map().entries() ?? []).map(([key, each]) => [key, each.texts()]))
}

function readRelabel(value: YamlValue | null): ReturnType<typeof compileRelabel> | null {
  if (value === null) return null
  const rules = value.list().map((each) => readRule(each.map()))
  try {
    return rules.length === 0 ? null : compileRelabel(rules)
  } catch (error) {
    throw isAppError(error) ? value.wrong(`has a wrong rule: ${error.publicText.replace(/\.$/, '')}`) : error
  }
}

function readRule(map: YamlMap): RelabelConfig {
  const action = map.take('action')
  const named = action?.text().toLowerCase()
  const known = relabelActions.find((each) => each === named)
  if (action !== null && known === undefined) throw action.wrong(`must be one of ${relabelActions.join(', ')}`)
  const [separator, regex, targetLabel, replacement] = ['separator', 'regex', 'target_label', 'replacement'].map((key) => textIn(map, key))
  const sourceLabels = map.take('source_labels')?.texts()
  const modulus = map.take('modulus')?.count()
  map.end()
  return {
    ...(known === undefined ? {} : { action: known }),
    ...(sourceLabels === undefined ? {} : { sourceLabels }),
    ...(separator === undefined ? {} : { separator }),
    ...(regex === undefined ? {} : { regex }),
    ...(targetLabel === undefined ? {} : { targetLabel }),
    ...(replacement === undefined ? {} : { replacement }),
    ...(modulus === undefined ? {} : { modulus }),
  }
}

function textIn(map: YamlMap, key: string): string | undefined {
  return map.take(key)?.text()
}

function readFileDiscovery(map: YamlMap, folder: string): { patterns: readonly string[] } {
  const files = map.take('files')?.list() ?? []
  // Files are looked at every two seconds, whatever the interval.
  map.take('refresh_interval')?.durationMs()
  map.end()
  return {
    patterns: files.map((file) => {
      const pattern = file.text()
      if (!/^[^*]*(?:\*[^*/]*)?\.(?:json|yml|yaml)$/i.test(pattern))
        throw file.wrong('must name a file ending in .json, .yml or .yaml, with at most one * in its last part')
      return resolve(folder, pattern)
    }),
  }
}

function readHttpDiscovery(value: YamlValue, folder: string): HttpDiscovery {
  const map = value.map()
  const url = map.take('url')?.text() ?? ''
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw value.wrong('needs a url that begins with http:// or https://')
  const discovery = {
    url,
    refreshMs: readInterval(map.take('refresh_interval'), defaults.refreshMs),
    http: readHttp(map, folder),
  }
  map.end()
  return discovery
}
