import { expect, test } from 'vitest'
import { templateParts } from './pattern-template.ts'

test.each([
  ['', ''],
  ['nothing changes', 'nothing changes'],
  ['order <num> took <duration>', 'order [num] took [duration]'],
  ['<*> failed', '[*] failed'],
  ['a < b and <b> c >', 'a < b and [b] c >'],
  ['<html lang="en">', '<html lang="en">'],
])('%s', (template, wanted) => {
  const parts = templateParts(template)
  expect(parts.map(({ text, isPlaceholder }) => (isPlaceholder ? `[${text}]` : text)).join('')).toBe(wanted)
})
