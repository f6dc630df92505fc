import { expect, test } from 'vitest'
import { BundleTurns } from './bundle-turns.ts'

test('one after the other, organizations in turn, each with so many', async () => {
  const turns = new BundleTurns({ ofOrganizationMax: 3, max: 5 })
  const begun: string[] = []
  let running = 0
  const take = (organizationId: number, name: string): Promise<void> | null =>
    turns.take(organizationId, async () => {
      expect(++running).toBe(1)
      begun.push(name)
      await Promise.resolve()
      running--
    })
  const taken = [take(1, 'a1'), take(1, 'a2'), take(1, 'a3'), take(1, 'a4'), take(2, 'b1'), take(3, 'c1'), take(4, 'd1')]
  expect(taken.map((one) => one === null)).toEqual([false, false, false, true, false, false, true])
  for (const one of taken) await one
  expect(begun).toEqual(['a1', 'b1', 'c1', 'a2', 'a3'])
  await take(1, 'a5')
  expect(begun.at(-1)).toBe('a5')
})

test('what fails is told to who waits for it, and the next has its turn', async () => {
  const turns = new BundleTurns({ ofOrganizationMax: 3, max: 5 })
  const failed = turns.take(1, () => Promise.reject(new Error('no')))
  const fine = turns.take(1, () => Promise.resolve('yes'))
  await expect(failed).rejects.toThrow('no')
  expect(await fine).toBe('yes')
})
