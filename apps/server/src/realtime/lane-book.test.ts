/** Which lane a project's bodies take, and that a project goes back only when what it sent before is read. */
import { beforeEach, describe, expect, test } from 'vitest'
import { ManualClock, turns } from '../ingest/testing/manual-clock.ts'
import { LaneBook } from './lane-book.ts'
import { returnBytesMax, returnWaitMsMax } from './limits.ts'

const project = 7

describe('the lane book', () => {
  let clock: ManualClock
  let book: LaneBook
  let sealed: number

  beforeEach(() => {
    clock = new ManualClock()
    sealed = 0
    book = new LaneBook({
      clock,
      seal: () => {
        sealed++
        return Promise.resolve()
      },
    })
  })

  test('members are low; never beats always, and both beat the budget', () => {
    expect(book.laneOf(project)).toBe('ready')
    book.setMembers(new Set([project]))
    expect(book.laneOf(project)).toBe('low')
    book.setSwitches(new Map([[project, 'never']]))
    expect(book.laneOf(project)).toBe('ready')
    book.setMembers(new Set())
    book.setSwitches(new Map([[project, 'always']]))
    expect(book.laneOf(project)).toBe('low')
  })

  test('a body is counted from the door until it is read', async () => {
    book.setMembers(new Set([project]))
    expect(await book.enter(project, 100)).toBe('low')
    expect(book.queueOf(project)).toEqual({ bodies: 0, sizeBytes: 0 })
    book.queued(project, 100)
    expect(book.queueOf(project)).toEqual({ bodies: 1, sizeBytes: 100 })
    expect(book.queuedProjects()).toEqual([project])
    book.processed(project, 100)
    expect(book.queuedProjects()).toEqual([])
    expect(await book.enter(project, 5)).toBe('low')
    book.failed(project, 5)
    expect(book.queuedProjects()).toEqual([])
  })

  test('one that goes back waits for its unread bodies, has the lane sealed for it, and is urgent meanwhile', async () => {
    book.setMembers(new Set([project]))
    for (const sizeBytes of [10, 20]) {
      await book.enter(project, sizeBytes)
      book.queued(project, sizeBytes)
    }
    book.setMembers(new Set())
    expect(book.laneOf(project)).toBe('low')
    let lane = ''
    void book.enter(project, 30).then((answer) => (lane = answer))
    await turns()
    expect([lane, sealed, book.isUrgent]).toEqual(['', 1, true])
    book.processed(project, 10)
    await turns()
    expect(lane).toBe('')
    book.processed(project, 20)
    await turns()
    expect([lane, book.isUrgent, book.laneOf(project)]).toEqual(['ready', false, 'ready'])
  })

  test('it does not wait for ever, nor at all for a long queue: the body goes the way of those before it', async () => {
    book.recovered(project, 10)
    let lane = ''
    void book.enter(project, 1).then((answer) => (lane = answer))
    await clock.advance(returnWaitMsMax - 1)
    expect(lane).toBe('')
    await clock.advance(1)
    expect(lane).toBe('low')
    book.queued(project, 1)
    expect(book.queueOf(project)).toEqual({ bodies: 2, sizeBytes: 11 })
    book.recovered(project, returnBytesMax)
    expect(book.mayReturn(project)).toBe(false)
    expect(await book.enter(project, 1)).toBe('low')
    expect(clock.pending).toBe(0)
  })

  test('what damage took away is not waited for, what is on its way is', async () => {
    book.setMembers(new Set([project]))
    book.recovered(project, 10)
    await book.enter(project, 1)
    book.setMembers(new Set())
    book.emptied()
    expect(book.queuedProjects()).toEqual([project])
    book.queued(project, 1)
    book.emptied()
    expect(await book.enter(project, 1)).toBe('ready')
  })
})
