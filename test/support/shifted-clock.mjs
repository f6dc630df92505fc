/**
 * Loaded before a program (`node --import`): its wall clock is ahead of the machine's by as many milliseconds as stand in the file that
 * TEST_CLOCK_FILE names, below zero for behind. The file may change while the program runs. Monotonic time and timers stay as they are, as
 * when somebody sets the clock of a machine.
 */
import { readFileSync } from 'node:fs'

const path = process.env.TEST_CLOCK_FILE
const realNow = Date.now
/** The file is not read for every question. */
const readEveryMs = 20
let aheadMs = 0
let readAtMs = Number.NEGATIVE_INFINITY

function now() {
  const atMs = performance.now()
  if (atMs - readAtMs > readEveryMs) {
    readAtMs = atMs
    try {
      const text = readFileSync(path, 'utf8')
      // While it is being written it is empty for a moment.
      if (text !== '') aheadMs = Number(text)
    } catch {
      aheadMs = 0
    }
  }
  return realNow() + aheadMs
}

globalThis.Date = new Proxy(Date, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new Date().toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
})
