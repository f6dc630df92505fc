import { describe, expect, it } from 'vitest'
import { dsnOf } from './sentry-snippet.ts'
import type { SnippetFacts } from './snippet-model.ts'
import { snippetsFor } from './snippets.ts'

const facts: SnippetFacts = {
  origin: 'https://watch.example.com',
  key: '0123456789abcdef0123456789abcdef',
  project: '7',
  ports: { statsd: 18125, syslog: null },
}

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

  it('name the ports that this server listens at, and how to get one where it does not', () => {
    const codeOf = (id: string, ports = facts.ports): string =>
      snippetsFor({ ...facts, ports })
        .find((snippet) => snippet.id === id)
        ?.steps.map((step) => step.code)
        .join('\n') ?? ''
    expect(codeOf('statsd')).toContain('-w1 watch.example.com 18125')
    expect(codeOf('statsd')).toContain('port: 18125,')
    expect(codeOf('statsd')).not.toContain('BELLWETHER_STATSD_PORT')
    expect(codeOf('statsd', { statsd: null, syslog: 6514 })).toContain('BELLWETHER_STATSD_PORT=8125')
    expect(codeOf('syslog')).toContain('BELLWETHER_SYSLOG_PORT=5514')
    expect(codeOf('syslog', { statsd: null, syslog: 6514 })).toContain('port="6514"')
    expect(codeOf('syslog', { statsd: null, syslog: 6514 })).not.toContain('BELLWETHER_SYSLOG_PORT')
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
