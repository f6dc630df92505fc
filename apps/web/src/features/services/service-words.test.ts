import { expect, it } from 'vitest'
import type { ServiceSummary } from '@bellwether/protocol'
import { formatRate, formatShare, toneOfErrors } from './red-words.ts'
import { servicesLead } from './service-words.ts'

function service(name: string, perSec: number, errorRate: number | null, isEntry = true): ServiceSummary {
  const figures = { count: 1, perSec, errors: 0, errorRate, averageMs: 1, p50Ms: 1, p90Ms: 1, p95Ms: 1, p99Ms: 1 }
  const trend = { perSec: [], errorRate: [], p95Ms: [] }
  return { ...figures, service: name, isEntry, operations: 1, environments: [], releases: [], trend, slowest: null, failed: null }
}

it('says how many, how much and which fails', () => {
  expect(servicesLead([])).toBe('No service sent a span in this time range.')
  expect(servicesLead([service('web', 100, 0), service('cart', 20, 0.042)])).toBe(
    '2 services, 120/s calls answered. cart fails most: 4.2 %.',
  )
  expect(servicesLead([service('web', 2, 0.001), service('job', 9, null, false)])).toBe(
    '2 services, 2/s calls answered. None fails noticeably.',
  )
  expect(servicesLead([service('job', 9, 0, false)])).toBe('1 service, none of which answers calls. None fails noticeably.')
})

it('writes rates in the unit that reads best', () => {
  expect([0, 0.001, 0.5, 12.34, 4200].map(formatRate)).toEqual(['0/s', '3.6/h', '30/min', '12.3/s', '4,200/s'])
})

it('marks shares of errors', () => {
  expect([null, 0, 0.009, 0.01, 0.06].map(toneOfErrors)).toEqual(['unknown', 'ok', 'ok', 'warn', 'down'])
  expect([null, 0, 0.0123].map(formatShare)).toEqual(['—', '0 %', '1.23 %'])
})
