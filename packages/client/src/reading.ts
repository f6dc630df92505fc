/** Asks for what was recorded. */
import type { Platform } from './platform.ts'
import type { MetricSeries, TimeRange } from './types.ts'

export interface ReadingOptions {
  /** `https://…/api/0/projects/1/metrics` */
  readonly address: string
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
}

/** What a type is read as, by the first letter of its MRI. */
const naturalOperations: Readonly<Record<string, string>> = { c: 'sum', d: 'avg', g: 'last', s: 'count_unique' }

/** Tags that an answer is split by. */
const groupsByMax = 8

/** Errors: an `Error` that says what the server said. */
export async function readMetrics(
  options: ReadingOptions,
  platform: Pick<Platform, 'fetch'>,
  asked: { name: string; timeRange: TimeRange; tags: Readonly<Record<string, string>> },
): Promise<MetricSeries[]> {
  const { name, timeRange, tags } = asked
  const described = await ask(options, platform, { path: `/${encodeURIComponent(name)}` })
  const { mri, operations, tags: names } = described
  const natural = typeof mri === 'string' ? naturalOperations[mri.slice(0, 1)] : undefined
  const body = {
    metric: name,
    operation: timeRange.operation ?? natural ?? textsOf(operations)[0],
    groupBy: textsOf(names).slice(0, groupsByMax),
    where: Object.entries(tags).map(([tag, value]) => ({ tag, op: '=', value })),
    from: timeText(timeRange.from),
    to: timeText(timeRange.to ?? 'now'),
    interval: timeRange.interval ?? null,
    limit: 1000,
  }
  const { groups, intervals } = await ask(options, platform, { path: '/query', body })
  return listOf(groups).flatMap((group) => seriesOf(group, textsOf(intervals)) ?? [])
}

function timeText(time: Date | string): string {
  return typeof time === 'string' ? time : time.toISOString()
}

/** Errors: what the server answered in place of what was asked. */
async function ask(
  { address, headers, timeoutMs }: ReadingOptions,
  platform: Pick<Platform, 'fetch'>,
  { path, body }: { path: string; body?: unknown },
): Promise<Record<string, unknown>> {
  const response = await platform.fetch(address + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
    credentials: 'omit',
  })
  const answer: unknown = await response.json().catch(() => null)
  if (response.ok && isRecord(answer)) return answer
  throw new Error(`Bellwether answered ${response.status}: ${JSON.stringify(answer).slice(0, 300)}`)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function textsOf(value: unknown): string[] {
  return listOf(value).filter((one) => typeof one === 'string')
}

/** One group of the answer; null for the rest. */
function seriesOf(group: unknown, intervals: readonly string[]): MetricSeries | null {
  if (!isRecord(group) || group['isOther'] === true) return null
  const by = isRecord(group['by']) ? Object.entries(group['by']) : []
  return {
    tags: Object.fromEntries(by.flatMap(([tag, value]) => (typeof value === 'string' && value !== '' ? [[tag, value]] : []))),
    points: listOf(group['values']).flatMap((value, i) =>
      typeof value === 'number' ? [{ time: new Date(intervals[i] ?? 0), value }] : [],
    ),
  }
}
