import { describe, expect, it } from 'vitest'
import { writeCsv } from './csv.ts'

describe('writeCsv', () => {
  it('quotes what must be quoted and defuses formulas', () => {
    expect(
      writeCsv(
        ['a', 'b'],
        [
          ['x,y', 'say "hi"'],
          [-1.5, '=cmd()'],
          ['line\nbreak', ''],
        ],
      ),
    ).toBe('a,b\r\n"x,y","say ""hi"""\r\n-1.5,\'=cmd()\r\n"line\nbreak",\r\n')
  })
})
