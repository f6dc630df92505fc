import { describe, expect, it } from 'vitest'
import { dsnOf } from './sentry-snippet.ts'
import { snippetsFor } from './snippets.ts'

const facts = { origin: 'https://watch.example.com', key: '0123456789abcdef0123456789abcdef', project: '7' }

describe('snippets', () => {
  it('all carry the real key and address', () => {
    const all = snippetsFor(facts)
    expect(all.map((snippet) => snippet.id)).toEqual([
      'node',
      'python',
      'go',
      'java',
      'collector',
      'statsd',
      'influx',
      'scrape',
      'prometheus',
      'library',
      'sentry',
      'file',
      'json-lines',
      'loki',
      'syslog',
      'curl',
    ])
    // Scraping is asked for in the server's own settings.
    for (const snippet of all.filter(({ id }) => id !== 'scrape')) {
      const text = snippet.steps.map((step) => step.code).join('\n')
      expect(text, snippet.id).toContain(facts.key)
      expect(text, snippet.id).toContain(['statsd', 'syslog'].includes(snippet.id) ? new URL(facts.origin).hostname : facts.origin)
    }
  })

  it('name the DSN of the project, behind a path too', () => {
    expect(dsnOf(facts)).toBe(`https://${facts.key}@watch.example.com/7`)
    expect(dsnOf({ ...facts, origin: 'http://host:3100/watch' })).toBe(`http://${facts.key}@host:3100/watch/7`)
  })

  it('send one point by curl that is valid OTLP JSON', () => {
    const code = snippetsFor(facts).find((snippet) => snippet.id === 'curl')?.steps[0]?.code ?? ''
    const body = code.slice(code.indexOf("-d '") + 4, code.lastIndexOf("'")).replace("'$(date +%s)'", '1700000000')
    expect(JSON.parse(body)).toHaveProperty(
      'resourceMetrics.0.scopeMetrics.0.metrics.0.gauge.dataPoints.0.timeUnixNano',
      '1700000000000000000',
    )
  })
})
