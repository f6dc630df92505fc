import { expect, test } from 'vitest'
import { windowsOf } from './windows.ts'

const minute = 60_000

/** Lengths in minutes of the windows of a range, and their edges; `found`: what each of them has. */
function windows(range: { fromMs: number; toMs: number }, found: readonly number[], wanted = 1): { minutes: number[]; edgesMs: number[] } {
  const [minutes, edgesMs] = [new Array<number>(), [range.toMs]]
  const looks = windowsOf(range, wanted)
  for (let at = 0, look = looks.next(0); look.done !== true; look = looks.next(found[at++] ?? 0)) {
    expect(look.value.toMs).toBe(edgesMs.at(-1))
    minutes.push((look.value.toMs - look.value.fromMs) / minute)
    edgesMs.push(look.value.fromMs)
  }
  return { minutes, edgesMs }
}

test('windows are the range from its end on, larger where there was less', () => {
  const range = { fromMs: 3 * minute, toMs: 605 * minute }
  expect(windows(range, [])).toEqual({
    minutes: [5, 20, 40, 80, 320, 137],
    edgesMs: [605, 600, 580, 540, 460, 140, 3].map((at) => at * minute),
  })
  expect(windows(range, [0, 0, 0, 1]).minutes).toEqual([5, 20, 40, 80, 160, 297])
  expect(windows({ fromMs: 0, toMs: minute }, []).minutes).toEqual([1])
  expect(windows({ fromMs: minute, toMs: minute }, []).minutes).toEqual([])
})

test('where some were found, the next window is as large as the rest should need, within a bound', () => {
  const range = { fromMs: 0, toMs: 1000 * minute }
  // 3 in ten minutes: 48 more are 160 minutes further, and some.
  expect(windows(range, [3, 60], 51).minutes.slice(0, 2)).toEqual([10, 160])
  expect(windows(range, [10, 25, 16], 51).minutes.slice(0, 3)).toEqual([10, 60, 120])
  // Of part of a bucket no more is concluded than it had.
  expect(windows({ fromMs: 0, toMs: 995 * minute }, [10], 20).minutes.slice(0, 2)).toEqual([5, 20])
  expect(windows(range, [40, 5], 51).minutes.slice(0, 2)).toEqual([10, 20])
})
