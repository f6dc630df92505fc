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
    expect(await book.enter(project)).toBe('low')
    expect(book.queueOf(project)).toEqual({ bodies: 0, sizeBytes: 0 })
    book.queued(project, 100)
    expect(book.queueOf(project)).toEqual({ bodies: 1, sizeBytes: 100 })
    expect(book.queuedProjects()).toEqual([project])
    book.processed(project, 100)
    expect(book.queuedProjects()).toEqual([])
    expect(await book.enter(project)).toBe('low')
    book.failed(project)
    expect(book.queuedProjects()).toEqual([])
  })

  test('one that goes back waits for its unread bodies, has the lane sealed for it, and is urgent meanwhile', async () => {
    book.setMembers(new Set([project]))
    for (const sizeBytes of [10, 20]) {
      await book.enter(project)
      book.queued(project, sizeBytes)
    }
    book.setMembers(new Set())
    expect(book.laneOf(project)).toBe('low')
    let lane = ''
    void book.enter(project).then((answer) => (lane = answer))
    await turns()
    expect([lane, sealed, book.isUrgent]).toEqual(['', 1, true])
    book.processed(project, 10)
    await turns()
    expect(lane).toBe('')
    book.processed(project, 20)
    await turns()
    expect([lane, book.isUrgent, book.laneOf(project)]).toEqual(['ready', false, 'ready'])
  })

  test('it waits once, not for ever: then its bodies pass what is unread of it', async () => {
    book.recovered(project, 10)
    const lanes: string[] = []
    const send = (): void => void book.enter(project).then((answer) => lanes.push(answer))
    send()
    await clock.advance(returnWaitMsMax - 1)
    send()
    await turns()
    expect([lanes, book.laneOf(project)]).toEqual([[], 'low'])
    await clock.advance(1)
    send()
    await turns()
    expect([lanes, book.laneOf(project), clock.pending]).toEqual([['ready', 'ready', 'ready'], 'ready', 0])
    expect(book.queueOf(project)).toEqual({ bodies: 1, sizeBytes: 10 })
    book.setMembers(new Set([project]))
    expect(await book.enter(project)).toBe('low')
    book.queued(project, 1)
    book.setMembers(new Set())
    send()
    await turns()
    expect([lanes.length, book.laneOf(project)]).toEqual([3, 'low'])
  })

  test.each([['never'], ['budget']] as const)(
    'behind the backlog of another it gets out (%s), and nothing is urgent for that backlog',
    async (why) => {
      const flooder = 8
      book.setMembers(new Set([project, flooder]))
      await book.enter(project)
      book.queued(project, 100)
      book.recovered(flooder, returnBytesMax)
      book.setMembers(new Set(why === 'never' ? [project, flooder] : [flooder]))
      if (why === 'never') book.setSwitches(new Map([[project, why]]))
      let lane = ''
      void book.enter(project).then((answer) => (lane = answer))
      await turns()
      expect([lane, book.isUrgent]).toEqual(['', false])
      book.processed(flooder, returnBytesMax)
      expect(book.isUrgent).toBe(true)
      book.recovered(flooder, returnBytesMax)
      await clock.advance(returnWaitMsMax)
      expect([lane, book.isUrgent]).toEqual(['ready', false])
      expect(await book.enter(project)).toBe('ready')
      expect([clock.pending, book.laneOf(flooder)]).toEqual([0, 'low'])
    },
  )

  test('much of its own that is unread does not keep one at never', async () => {
    book.setMembers(new Set([project]))
    book.recovered(project, 100 * returnBytesMax)
    expect(book.mayReturn(project)).toBe(false)
    book.setSwitches(new Map([[project, 'never']]))
    let lane = ''
    void book.enter(project).then((answer) => (lane = answer))
    await clock.advance(returnWaitMsMax)
    expect(lane).toBe('ready')
  })

  test('what damage took away is not waited for, what is on its way is', async () => {
    book.setMembers(new Set([project]))
    book.recovered(project, 10)
    await book.enter(project)
    book.setMembers(new Set())
    book.emptied()
    expect(book.queuedProjects()).toEqual([project])
    book.queued(project, 1)
    book.emptied()
    expect(await book.enter(project)).toBe('ready')
  })
})
