/** Where groups of targets come from while a job runs: its configuration, files that are looked at, addresses that are asked. */
import { open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../kernel/clock.ts'
import type { FileDiscovery, HttpDiscovery, TargetGroup } from './config.ts'
import { deadline } from './deadline.ts'
import { FetchFailed, HttpClient } from './http-client.ts'
import { discoveryTimeoutMs, documentBytesMax, filePollMs, filesPerPatternMax } from './limits.ts'
import { readGroups } from './target-groups.ts'
import { wordsOf } from './words.ts'

/** Keeps what it found last when it cannot find anything now, and says why it cannot. */
export interface GroupSource extends Disposable {
  readonly groups: readonly TargetGroup[]
  /** In words; null: all is well. */
  readonly problem: string | null
  /** Something was found, be it nothing: until then nobody knows which targets are gone. */
  readonly isKnown: boolean
  /** `changed` is called after each time that something may be different. */
  start(changed: () => void): void
}

export function staticGroups(groups: readonly TargetGroup[]): GroupSource {
  return { groups, problem: null, isKnown: true, start: (changed) => changed(), [Symbol.dispose]() {} }
}

/** Looks again in steps of `periodMs`, one look at a time. */
abstract class PolledGroups implements GroupSource {
  groups: readonly TargetGroup[] = []
  problem: string | null = null
  isKnown = false
  readonly #clock: Clock
  readonly #periodMs: number
  #timer: Disposable | null = null
  #isDisposed = false

  constructor(clock: Clock, periodMs: number) {
    this.#clock = clock
    this.#periodMs = periodMs
  }

  start(changed: () => void): void {
    void this.#round(changed)
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    this.#timer?.[Symbol.dispose]()
  }

  /** False: nothing is different. */
  protected abstract look(): Promise<boolean>

  async #round(changed: () => void): Promise<void> {
    let isChanged = true
    try {
      isChanged = await this.look()
      this.isKnown = true
      this.problem = null
    } catch (error) {
      this.problem = wordsOf(error)
    }
    if (this.#isDisposed) return
    if (isChanged) changed()
    this.#timer = this.#clock.after(this.#periodMs, () => void this.#round(changed))
  }
}

interface ReadFile {
  readonly version: string
  readonly groups: readonly TargetGroup[]
}

export class FileGroups extends PolledGroups {
  readonly #patterns: readonly string[]
  #files = new Map<string, ReadFile>()
  #hasProblem = false

  constructor({ patterns }: FileDiscovery, clock: Clock) {
    super(clock, filePollMs)
    this.#patterns = patterns
  }

  protected async look(): Promise<boolean> {
    const paths = (await Promise.all(this.#patterns.map(pathsOf))).flat()
    const files = new Map<string, ReadFile>()
    let isChanged = paths.length !== this.#files.size || this.#hasProblem
    let problem: string | null = null
    for (const path of paths) {
      const known = this.#files.get(path)
      try {
        const { mtimeMs, size, ino } = await stat(path)
        const version = `${mtimeMs} ${size} ${ino}`
        const file = known?.version === version ? known : { version, groups: await groupsOf(path) }
        if (file !== known) isChanged = true
        files.set(path, file)
      } catch (error) {
        problem ??= `${path}: ${wordsOf(error)}`
        // A file that is wrong now keeps the targets that it had.
        if (known !== undefined) files.set(path, known)
      }
    }
    this.#files = files
    this.#hasProblem = problem !== null
    if (isChanged) this.groups = Array.from(files.values()).flatMap(({ groups }) => groups)
    if (problem === null) return isChanged
    this.isKnown = true
    throw new Error(problem)
  }
}

/** Of one pattern, in order. A folder that is not there has no files. */
async function pathsOf(pattern: string): Promise<string[]> {
  if (!pattern.includes('*')) return [pattern]
  const folder = dirname(pattern)
  const [before = '', after = ''] = basename(pattern).split('*')
  const names = await readdir(folder).catch(() => [])
  const matching = names.filter((name) => name.length >= before.length + after.length && name.startsWith(before) && name.endsWith(after))
  return matching
    .toSorted()
    .slice(0, filesPerPatternMax)
    .map((name) => join(folder, name))
}

async function groupsOf(path: string): Promise<TargetGroup[]> {
  const text = await textOf(path)
  return readGroups(text).map(({ targets, labels }) => ({ targets, labels: { ...labels, __meta_filepath: path } }))
}

/** A file up to the bound of documents. */
export async function textOf(path: string): Promise<string> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    if (size > documentBytesMax) throw new Error(`it is larger than ${documentBytesMax} bytes`)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

export class HttpGroups extends PolledGroups {
  readonly #discovery: HttpDiscovery
  readonly #client: HttpClient
  readonly #clock: Clock
  readonly #abort = new AbortController()
  #text = ''

  constructor(discovery: HttpDiscovery, clock: Clock) {
    super(clock, discovery.refreshMs)
    this.#discovery = discovery
    this.#client = new HttpClient(discovery.http)
    this.#clock = clock
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]()
    this.#abort.abort(new FetchFailed('it is not needed any more'))
    this.#client[Symbol.dispose]()
  }

  protected async look(): Promise<boolean> {
    const { url, refreshMs } = this.#discovery
    using limit = deadline(this.#clock, discoveryTimeoutMs, this.#abort.signal)
    try {
      const { bytes } = await this.#client.fetch({
        url,
        headers: {
          accept: 'application/json',
          'accept-encoding': 'gzip',
          'x-prometheus-refresh-interval-seconds': String(refreshMs / 1000),
        },
        bodyBytesMax: documentBytesMax,
        bodyBoundName: 'the bound of documents',
        signal: limit.signal,
        hasRoom: () => true,
      })
      const text = bytes.toString('utf8')
      if (text === this.#text && this.isKnown) return false
      this.groups = readGroups(text).map(({ targets, labels }) => ({ targets, labels: { ...labels, __meta_url: url } }))
      this.#text = text
      return true
    } catch (error) {
      throw new FetchFailed(`${url}: ${wordsOf(error)}`)
    }
  }
}
