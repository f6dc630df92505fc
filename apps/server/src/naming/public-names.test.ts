import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseMri } from './mri.ts'
import { metricIdOf, mriOfName, publicNameOf, wellKnownById, wellKnownByPublicName, wellKnownMetrics } from './public-names.ts'
import { useCaseIds, type UseCaseId } from './use-case.ts'

describe('public names', () => {
  const rows: [UseCaseId, string, string][] = [
    ['transactions', 'duration', 'transaction.duration'],
    ['sessions', 'crash_free_rate', 'session.crash_free_rate'],
    ['sessions', 'user.crash_free_rate', 'session.crash_free_user_rate'],
    ['transactions', 'measurements.lcp', 'transaction.measurements.lcp'],
    ['transactions', 'checkout.steps', 'transactions.checkout.steps'],
    ['system', 'cpu.user', 'system.cpu.user'],
    ['custom', 'orders', 'orders'],
    ['custom', 'http_requests_total', 'http_requests_total'],
    ['custom', 'job:cpu:rate5m', 'job:cpu:rate5m'],
    // Names that would be read as another metric.
    ['custom', 'system.cpu.user', 'custom.system.cpu.user'],
    ['custom', 'transaction.duration', 'custom.transaction.duration'],
    ['custom', 'custom.system.cpu.user', 'custom.custom.system.cpu.user'],
    // And names that only look so.
    ['custom', 'custom.orders', 'custom.orders'],
    ['custom', 'transactions.duration', 'transactions.duration'],
    ['custom', 'system.', 'system.'],
    ['custom', 'system. cpu', 'system. cpu'],
    ['custom', 'systemd.units', 'systemd.units'],
  ]
  test.each(rows)('%s/%s is %s', (namespace, name, publicName) => {
    expect(publicNameOf({ namespace, name })).toBe(publicName)
    expect(metricIdOf(publicName)).toEqual({ namespace, name })
  })

  test('the table has every name and every metric once, and holds in both directions', () => {
    expect(new Set(wellKnownMetrics.map(([name]) => name)).size).toBe(wellKnownMetrics.length)
    expect(new Set(wellKnownMetrics.map(([, mri]) => mri.replace(/^.:|@.*$/g, ''))).size).toBe(wellKnownMetrics.length)
    for (const [publicName, text] of wellKnownMetrics) {
      const mri = parseMri(text)
      expect(publicNameOf(mri)).toBe(publicName)
      expect(metricIdOf(publicName)).toEqual({ namespace: mri.namespace, name: mri.name })
      expect(wellKnownByPublicName(publicName)).toEqual(mri)
      expect(wellKnownById(mri)).toEqual(mri)
      expect(mriOfName(publicName, 'g', 'none')).toBe(text)
    }
  })

  const piece = fc.constantFrom('custom', 'system', 'transactions', 'transaction', 'duration', 'session', 'cpu', 'a', '', ' ')
  const text = fc.oneof(
    fc.string({ minLength: 1, maxLength: 30 }),
    fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join('.')),
  )

  test('one name, one metric, whatever the name', () => {
    fc.assert(
      fc.property(text, (name) => {
        expect(publicNameOf(metricIdOf(name))).toBe(name)
      }),
    )
  })

  test('one metric, one name, whatever the metric', () => {
    const systemName = fc
      .array(fc.constantFrom('duration', 'cpu', 'custom', 'user'), { minLength: 1, maxLength: 3 })
      .map((w) => w.join('.'))
    fc.assert(
      fc.property(fc.constantFrom(...useCaseIds), systemName, text, (namespace, system, custom) => {
        const id = { namespace, name: namespace === 'custom' ? custom : system }
        expect(metricIdOf(publicNameOf(id))).toEqual(id)
      }),
    )
  })
})

test('mriOfName: what no MRI can hold has none', () => {
  const rows: [string, string | null][] = [
    ['orders', 'c:custom/orders@none'],
    ['a.name with/odd signs?', 'c:custom/a.name with/odd signs?@none'],
    ['mail@example', null],
    ['n'.repeat(201), null],
  ]
  for (const [name, want] of rows) expect(mriOfName(name, 'c', 'none')).toBe(want)
})
