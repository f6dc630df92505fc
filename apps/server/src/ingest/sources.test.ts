/** Sources and refusal examples: what they remember, who sees it, and that they stay small. */
import { describe, expect, test } from 'vitest'
import { createScope } from '../kernel/scope.ts'
import { refusedTextCharsMax } from './limits.ts'
import { createRefusedSamples } from './refused-samples.ts'
import { createIngestSources } from './sources.ts'

const one = { organizationId: 1, projectId: 1 }
const two = { organizationId: 1, projectId: 2 }
const foreign = { organizationId: 2, projectId: 1 }

describe('sources', () => {
  test('first and last time and points, by protocol, last seen first', () => {
    const sources = createIngestSources()
    sources.note(one, 'otlp-http', 10, 1000)
    sources.note(one, 'remote-write', 5, 2000)
    sources.note(one, 'otlp-http', 1, 3000)
    expect(sources.list(createScope(1, [1]))).toEqual([
      { organizationId: 1, projectId: 1, protocol: 'otlp-http', firstSeenMs: 1000, lastSeenMs: 3000, points: 11 },
      { organizationId: 1, projectId: 1, protocol: 'remote-write', firstSeenMs: 2000, lastSeenMs: 2000, points: 5 },
    ])
  })
  test('a wall clock that is set back is followed: nothing was last seen in the future', () => {
    const sources = createIngestSources()
    sources.note(one, 'a', 1, 9000)
    sources.note(one, 'b', 1, 9001)
    sources.note(one, 'a', 1, 5000)
    const [last, first] = sources.list(createScope(1, [1]))
    expect(last).toMatchObject({ protocol: 'a', firstSeenMs: 5000, lastSeenMs: 5000 })
    expect(first).toMatchObject({ protocol: 'b' })
  })
  test('a scope sees its own projects only', () => {
    const sources = createIngestSources()
    for (const tenant of [one, two, foreign]) sources.note(tenant, 'otlp-http', 1, 1)
    expect(sources.list(createScope(1, [2])).map((source) => source.projectId)).toEqual([2])
    expect(sources.list(createScope(2, [1, 2]))).toHaveLength(1)
    expect(sources.list(createScope(3, [1]))).toEqual([])
  })
  test('bounded: the longest silent gives way', () => {
    const sources = createIngestSources(2)
    sources.note(one, 'a', 1, 1)
    sources.note(one, 'b', 1, 2)
    sources.note(one, 'a', 1, 3)
    sources.note(one, 'c', 1, 4)
    expect(sources.list(createScope(1, [1])).map((source) => source.protocol)).toEqual(['c', 'a'])
  })
})

describe('refused samples', () => {
  test('newest first, over all projects of the scope and no other', () => {
    const samples = createRefusedSamples()
    samples.note(one, 'otlp-http', 'too_old', 'a', 1)
    samples.note(two, 'otlp-http', 'too_old', 'b', 3)
    samples.note(foreign, 'otlp-http', 'too_old', 'c', 4)
    samples.note(one, 'otlp-http', 'bad_name', 'd', 2)
    expect(samples.list(createScope(1, [1, 2])).map((sample) => sample.text)).toEqual(['b', 'd', 'a'])
  })
  test('bounded: examples a project, projects, characters', () => {
    const samples = createRefusedSamples(3, 2)
    for (let at = 0; at < 10; at++) samples.note(one, 'p', 'r', String(at), at)
    expect(samples.list(createScope(1, [1])).map((sample) => sample.text)).toEqual(['9', '8', '7'])
    samples.note(two, 'p', 'r', 'x'.repeat(10_000), 20)
    expect(samples.list(createScope(1, [2]))[0]?.text).toHaveLength(refusedTextCharsMax)
    samples.note(foreign, 'p', 'r', 'f', 30)
    expect(samples.list(createScope(1, [1]))).toEqual([])
    expect(samples.list(createScope(1, [2]))).toHaveLength(1)
  })
})
