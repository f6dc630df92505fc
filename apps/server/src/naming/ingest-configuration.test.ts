import { describe, expect, test } from 'vitest'
import {
  defaultIngestConfigurations,
  MetricsIngestConfigurations,
  performanceConfiguration,
  releaseHealthConfiguration,
  type MetricsIngestConfiguration,
} from './ingest-configuration.ts'
import { useCaseIds, useCaseKeyOf, type UseCaseId } from './use-case.ts'

describe('MetricsIngestConfigurations', () => {
  test('every use case has its configuration', () => {
    const configurations = defaultIngestConfigurations()
    const tags: [UseCaseId, string][] = [
      ['sessions', 'release-health'],
      ['transactions', 'perf'],
      ['spans', 'perf'],
      ['custom', 'perf'],
      ['system', 'perf'],
    ]
    for (const [useCase, tag] of tags) expect(configurations.ofUseCase(useCase).internalMetricsTag).toBe(tag)
    for (const useCase of useCaseIds) expect(configurations.ofUseCase(useCase).useCaseKey).toBe(useCaseKeyOf(useCase))
    expect(configurations.all()).toHaveLength(2)
  })

  test('registering one is one object; it is not changed afterwards', () => {
    const mine: MetricsIngestConfiguration = { ...performanceConfiguration, retentionDays: 7, indexerStorage: 'memory' }
    const configurations = new MetricsIngestConfigurations().register(mine)
    expect(configurations.get('performance')).toBe(mine)
    expect(Object.isFrozen(configurations.get('performance'))).toBe(true)
  })

  test('an unknown and a second one are errors that name the key', () => {
    const configurations = new MetricsIngestConfigurations().register(releaseHealthConfiguration)
    expect(() => configurations.get('performance')).toThrow(
      expect.objectContaining({
        code: 'naming.unknown_ingest_configuration',
        publicText: 'There is no ingest configuration for performance; known: release-health.',
      }),
    )
    expect(() => configurations.register({ ...releaseHealthConfiguration })).toThrow(
      expect.objectContaining({ code: 'naming.duplicate_ingest_configuration', httpStatus: 409 }),
    )
  })

  const limit = { windowSec: 3600, granularitySec: 600, limit: 1 }
  const wrong: [string, Partial<MetricsIngestConfiguration>][] = [
    ['writeLimit.global', { writeLimit: { namespace: 'x', global: { ...limit, granularitySec: 7 }, perOrganization: null } }],
    ['writeLimit.perOrganization', { writeLimit: { namespace: 'x', global: null, perOrganization: { ...limit, granularitySec: 0 } } }],
    ['cardinalityLimit.perMetric', { cardinalityLimit: { namespace: 'x', perOrganization: null, perMetric: { ...limit, limit: -1 } } }],
    [
      'cardinalityLimit.perOrganization',
      { cardinalityLimit: { namespace: 'x', perOrganization: { ...limit, limit: NaN }, perMetric: null } },
    ],
    ['schema.types', { schema: { ...performanceConfiguration.schema, types: [] } }],
    ['retentionDays', { retentionDays: 0.5 }],
  ]
  test.each(wrong)('one with a wrong %s is refused by that name', (key, change) => {
    expect(() => new MetricsIngestConfigurations().register({ ...performanceConfiguration, ...change })).toThrow(
      expect.objectContaining({ code: 'naming.invalid_ingest_configuration', publicText: expect.stringContaining(key) }),
    )
  })
})
