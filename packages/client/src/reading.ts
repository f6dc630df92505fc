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

interface Described {
  readonly mri: string | null
  readonly operations: readonly string[]
  readonly tags: readonly string[]
}

interface Answered {
  readonly intervals: readonly string[]
  readonly groups: readonly { by: Record<string, string>; isOther: boolean; values: readonly unknown[] }[]
}

/** Errors: an `Error` that says what the server said. */
export async function readMetrics(
  options: ReadingOptions,
  platform: Pick<Platform, 'fetch'>,
  asked: { name: string; timeRange: TimeRange; tags: Readonly<Record<string, string>> },
): Promise<MetricSeries[]> {
  const { name, timeRange, tags } = asked
  const described = await ask<Described>(options, platform, { path: `/${encodeURIComponent(name)}` })
  const natural = naturalOperations[described.mri?.slice(0, 1) ?? ''] ?? described.operations[0]
  const body = {
    metric: name,
    operation: timeRange.operation ?? natural,
    groupBy: described.tags.slice(0, groupsByMax),
    where: Object.entries(tags).map(([tag, value]) => ({ tag, op: '=', value })),
    from: timeText(timeRange.from),
    to: timeText(timeRange.to ?? 'now'),
    interval: timeRange.interval ?? null,
    limit: 1000,
  }
  const answer = await ask<Answered>(options, platform, { path: '/query', body })
  return answer.groups
    .filter(({ isOther }) => !isOther)
    .map(({ by, values }) => ({
      tags: Object.fromEntries(Object.entries(by).filter(([, value]) => value !== '')),
      points: values.flatMap((value, i) => (typeof value === 'number' ? [{ time: new Date(answer.intervals[i] ?? 0), value }] : [])),
    }))
}

function timeText(time: Date | string): string {
  return typeof time === 'string' ? time : time.toISOString()
}

async function ask<Answer>(
  { address, headers, timeoutMs }: ReadingOptions,
  platform: Pick<Platform, 'fetch'>,
  { path, body }: { path: string; body?: unknown },
): Promise<Answer> {
  const response = await platform.fetch(address + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
    credentials: 'omit',
  })
  const answer: unknown = await response.json().catch(() => null)
  if (response.ok) return answer as Answer
  const message = JSON.stringify(answer)?.slice(0, 300)
  throw new Error(`Bellwether answered ${response.status}: ${message}`)
}
