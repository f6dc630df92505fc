import { describe, expect, it } from 'vitest'
import { itemsPerGroupMax, search, type PaletteItem } from './palette-model.ts'

function metric(label: string): PaletteItem {
  return { id: label, group: 'Metrics', label, words: '', note: '' }
}

describe('search', () => {
  const items: PaletteItem[] = [
    { id: 'usage', group: 'Go to', label: 'Usage', words: 'conservation received', note: '' },
    metric('http_requests_total'),
    metric('http_request_duration_seconds'),
    metric('process_cpu_seconds_total'),
  ]

  function f(text: string, want: string[]): void {
    expect(
      search(text, items).map((item) => item.id),
      text,
    ).toEqual(want)
  }

  it('ranks a start before a word before the middle', () => {
    f('', ['usage'])
    f('usa', ['usage'])
    f('conservation', ['usage'])
    f('seconds', ['process_cpu_seconds_total', 'http_request_duration_seconds'])
    f('http total', ['http_requests_total'])
    f('hrt', ['http_requests_total', 'http_request_duration_seconds'])
    f('zzz', [])
  })

  it('shows fewer of each when several groups have some, in their order', () => {
    const many = Array.from({ length: 50 }, (_, i) => metric(`pay_${i}`))
    const service = { ...metric('payments'), group: 'Services' as const }
    const found = search('pay', [...many, service])
    expect([found[0]?.label, found.length]).toEqual(['payments', 7])
    expect(search('', [service])).toEqual([])
  })

  it('shows a bounded number', () => {
    const many = Array.from({ length: 5000 }, (_, i) => metric(`m_${i}`))
    expect(search('m', many)).toHaveLength(itemsPerGroupMax)
  })
})
