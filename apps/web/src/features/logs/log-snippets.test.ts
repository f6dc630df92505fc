import { expect, test } from 'vitest'
import { logSnippets } from './log-snippets.ts'

const snippets = logSnippets({ origin: 'https://logs.example.org', key: 'a1b2c3' })

test.each(snippets.map((snippet) => [snippet.id, snippet.code] as const))('%s goes to this server with this key', (_id, code) => {
  expect(code).toContain('https://logs.example.org')
  expect(code).toContain('a1b2c3')
})

test('each has an id of its own', () => expect(new Set(snippets.map(({ id }) => id)).size).toBe(snippets.length))

test('the lines of the first are JSON', () => {
  const lines = snippets[0]?.code.split('\n').filter((line) => line.startsWith('{')) ?? []
  expect(lines.map((line) => typeof JSON.parse(line))).toEqual(['object', 'object'])
})
