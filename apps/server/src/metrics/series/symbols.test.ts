import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SymbolTable } from './symbols.ts'

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 4 }), fc.string({ minLength: 20, maxLength: 60 }), fc.constant('é'.repeat(30)))

test('one number a text, its text back, and numbers that are given up mean nothing until they are given out again', () => {
  const steps = fc.array(fc.tuple(fc.boolean(), text), { maxLength: 120 })
  fc.assert(
    fc.property(steps, (all) => {
      const table = new SymbolTable(7)
      const model = new Map<string, number>()
      for (const [comes, one] of all) {
        if (comes || !model.has(one)) {
          const symbol = table.intern(one)
          if (model.has(one)) expect(symbol).toBe(model.get(one))
          else table.hold(symbol)
          model.set(one, symbol)
        } else {
          table.release(model.get(one)!)
          model.delete(one)
          expect(table.find(one)).toBe(-1)
        }
      }
      expect(table.size).toBe(model.size)
      expect(new Set(model.values()).size).toBe(model.size)
      for (const [one, symbol] of model) {
        expect([table.find(one), table.text(symbol), table.decode(symbol)]).toEqual([symbol, one, one])
        const copy = Buffer.alloc(table.lengthBytes(symbol) + 1)
        table.copyTo(symbol, copy, 1)
        expect(copy.toString('utf8', 1)).toBe(one)
      }
    }),
  )
})

test('stays while it is held by another, and the texts that are left survive packing', () => {
  const table = new SymbolTable(1)
  const symbols = Array.from({ length: 300_000 }, (_, i) => table.intern(`a text of about fifty characters, the number ${i}`))
  for (const symbol of symbols) table.hold(symbol)
  const kept = table.intern('a text of about fifty characters, the number 77')
  table.hold(kept)
  const before = table.sizeBytes
  for (const symbol of symbols.slice(0, -1_000)) table.release(symbol)
  expect(table.sizeBytes).toBeLessThan(before - (6 << 20))
  expect(table.size).toBe(1_001)
  expect(table.text(kept)).toBe('a text of about fifty characters, the number 77')
  expect(table.text(symbols.at(-1)!)).toBe('a text of about fifty characters, the number 299999')
  expect(table.intern('a text of about fifty characters, the number 299998')).toBe(symbols.at(-2))
  expect(table.find('a text of about fifty characters, the number 5')).toBe(-1)
})

test('texts longer than a page, and empty ones behind a full page', () => {
  const table = new SymbolTable(1)
  const long = 'x'.repeat((1 << 20) + 3)
  const symbols = [long, '', 'y'.repeat(1 << 20), '', 'z'].map((one) => table.intern(one))
  expect(symbols.map((symbol) => table.text(symbol).length)).toEqual([long.length, 0, 1 << 20, 0, 1])
})
