/**
 * Room for the garbage collector between two searches of the whole heap. By itself it begins one when the old generation and the buffers
 * beside it have grown by a part of what is live: of 55 MB that is 12 MB, and buffers of bodies on their way to the log come to that several
 * times a second (each search costs about 0.1 s of processor, a quarter of all that a million log lines took). A room of a fixed size
 * costs as much memory once, and makes them rare. A heap that is large grows by the collector's own rule.
 */
import { constants, PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'

/** The share of all memory that is room, and the most of it. */
const roomShare = 1 / 16
const roomBytesMax = 128 * 1024 * 1024
/** More says nothing: the collector then waits for its bound on buffers. */
const percentMax = 400

/** How far (percent) the heap may grow from what is live until the next search; 0: by the collector's own rule, which is then the wider one. */
export function growthPercent(liveBytes: number, roomBytes: number): number {
  const percent = Math.floor((roomBytes / Math.max(1, liveBytes)) * 100)
  return percent < 50 ? 0 : Math.min(percent, percentMax)
}

/** Holds from now on, of the whole process; `totalBytes` is what all of it may take. */
export function keepHeapRoom(totalBytes: number): Disposable {
  const roomBytes = Math.min(roomBytesMax, totalBytes * roomShare)
  let now = -1
  const set = (): void => {
    const percent = growthPercent(getHeapStatistics().used_heap_size, roomBytes)
    if (percent === now) return
    now = percent
    setFlagsFromString(`--heap-growing-percent=${percent}`)
  }
  const observer = new PerformanceObserver((list) => {
    if (list.getEntries().some(isSearchOfAll)) set()
  })
  observer.observe({ entryTypes: ['gc'] })
  set()
  return {
    [Symbol.dispose]: () => {
      observer.disconnect()
      setFlagsFromString('--heap-growing-percent=0')
    },
  }
}

function isSearchOfAll(entry: object): boolean {
  const detail: unknown = 'detail' in entry ? entry.detail : null
  return typeof detail === 'object' && detail !== null && 'kind' in detail && detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR
}
