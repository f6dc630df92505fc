import { expect, test } from 'vitest'
import { growthPercent } from './heap-room.ts'

const mib = 1024 * 1024

test.each([
  { live: 50, room: 128, percent: 256 },
  { live: 10, room: 128, percent: 400 },
  { live: 200, room: 128, percent: 64 },
  // The collector's own rule gives more.
  { live: 300, room: 128, percent: 0 },
  { live: 60, room: 32, percent: 53 },
  { live: 0, room: 128, percent: 400 },
])('$live MiB live and room for $room: $percent percent', ({ live, room, percent }) => {
  expect(growthPercent(live * mib, room * mib)).toBe(percent)
})
