import { expect, test } from 'vitest'
import { boundedCsv } from './csv-bounds.ts'
import { columnsMax, lineBytesMax } from './limits.ts'

async function passed(text: string, chunkBytes = 1_000_003): Promise<number> {
  const bytes = Buffer.from(text)
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.byteLength; at += chunkBytes) yield await Promise.resolve(bytes.subarray(at, at + chunkBytes))
  }
  let sizeBytes = 0
  for await (const chunk of boundedCsv(chunks(), ',')) sizeBytes += chunk.byteLength
  return sizeBytes
}

const commas = ','.repeat(columnsMax - 1)
const long = 'a'.repeat(lineBytesMax - 100)

test.each([
  ['records of as many cells as may be', `${commas}\n`.repeat(3)],
  ['records that end by a carriage return', `${commas}\r`.repeat(3)],
  ['long records', `${long}\n${long}\r\n${long}`],
  ['commas and line feeds in quotes', `a,"${commas},\n${commas},""${commas}",b\n`],
  ['an empty cell in quotes', `"",b\n${commas}\n`],
])('%s pass', async (_what, text) => {
  for (const chunkBytes of [1_000_003, 4096]) expect(await passed(text, chunkBytes)).toBe(Buffer.byteLength(text))
})

test.each([
  ['too many cells', `a\n${commas},`, 'Record 2 is one of more than 2000 cells'],
  ['too many cells after quotes', `a,"x\n""",${commas}`, 'Record 1 is one of more than'],
  ['too many cells after wrong quotes', `"a"b,",${commas},`, 'Record 1 is one of more than'],
  ['too many cells after a quote and a zero', `"a"\0,${commas}`, 'Record 1 is one of more than'],
  ['a quote that never ends', `a\n"${`${'x'.repeat(1000)}\n`.repeat(5000)}`, 'Record 2 is longer than'],
])(
  '%s stop the file',
  async (_what, text, problem) => {
    for (const chunkBytes of [1_000_003, 1000])
      await expect(passed(text, chunkBytes)).rejects.toMatchObject({ code: 'import.mapping', publicText: expect.stringContaining(problem) })
  },
  30_000,
)
