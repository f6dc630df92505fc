import { expect, test } from 'vitest'
import { firstDataLines } from './first-data.ts'

test('what a new installation prints sends all three signals to its own address', () => {
  const text = firstDataLines('http://127.0.0.1:8000').join('\n')
  for (const signal of ['METRICS', 'LOGS', 'TRACES']) expect(text).toContain(` OTEL_${signal}_EXPORTER=otlp `)
  expect(text).toContain('  npx bellwether send logs --url http://127.0.0.1:8000 ')
  expect(text).toContain('  npx bellwether demo --url http://127.0.0.1:8000')
  const addresses = new Set(text.match(/http:\/\/[^\s"]+/g))
  expect([...addresses]).toEqual(['http://127.0.0.1:8000', 'http://127.0.0.1:8000/api/v1/write'])
})
