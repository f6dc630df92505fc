/** What a server costs while it works: CPU and memory of all its processes, watched from outside. */
import { setTimeout as sleep } from 'node:timers/promises'
import { treeCpuSec, treeMemoryMib, treeRssMib } from '../process-tree.mjs'

const sampleEveryMs = 200
const quietWindowMs = 500

export class Account {
  #rootPid
  #peakMib = 0
  #timer

  constructor(rootPid) {
    this.#rootPid = rootPid
    this.#timer = setInterval(() => this.#sample(), sampleEveryMs)
    this.#timer.unref()
  }

  /** CPU seconds of all processes so far. */
  cpuSec() {
    return treeCpuSec(this.#rootPid)
  }

  /** `{ rss, pss }`, MiB, of all processes now. */
  memoryMib() {
    return treeMemoryMib(this.#rootPid)
  }

  /** Highest sum of RSS seen since the last call, MiB; looks every 200 ms. */
  takePeakMib() {
    this.#sample()
    const peak = this.#peakMib
    this.#peakMib = 0
    return peak
  }

  /**
   * Waits until the processes have used less than `coreShareMax` of a core in each half second for `quietMs`, at most `waitMsMax`.
   * False when it never became quiet.
   */
  async settle({ coreShareMax = 0.06, quietMs = 2000, waitMsMax = 60_000 } = {}) {
    const deadlineMs = performance.now() + waitMsMax
    let last = { cpuSec: this.cpuSec(), atMs: performance.now() }
    for (let quietSoFarMs = 0; quietSoFarMs < quietMs;) {
      if (performance.now() > deadlineMs) return false
      await sleep(quietWindowMs)
      const now = { cpuSec: this.cpuSec(), atMs: performance.now() }
      const passedMs = now.atMs - last.atMs
      const coreShare = ((now.cpuSec - last.cpuSec) * 1000) / passedMs
      quietSoFarMs = coreShare < coreShareMax ? quietSoFarMs + passedMs : 0
      last = now
    }
    return true
  }

  close() {
    clearInterval(this.#timer)
  }

  #sample() {
    this.#peakMib = Math.max(this.#peakMib, treeRssMib(this.#rootPid))
  }
}
