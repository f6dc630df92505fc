// A program that appends numbered records to a spool from the build, several at a time, and prints the number of each one after its
// acknowledgement (or `refused <number>`). It runs until it is killed, or until the last number when one is given.
import { writeSync } from 'node:fs'

const [, , modules, directory, first, last] = process.argv
const { openSpool } = await import(`${modules}/ingest/index.js`)
const { systemClock } = await import(`${modules}/kernel/clock.js`)
const { silentLogger } = await import(`${modules}/kernel/log.js`)

// With a limit on file sizes the system sends this signal beside the error; the error is what is tested.
process.on('SIGXFSZ', () => {})

const log = await openSpool({
  directory,
  sizeBytesMax: 256 * 1024 * 1024,
  segmentRowsMax: 200,
  segmentAgeMs: 50,
  diskReserveBytes: 0,
  clock: systemClock,
  logger: silentLogger,
})
writeSync(1, 'ready\n')
const end = last === undefined ? Number.POSITIVE_INFINITY : Number(last)
let next = Number(first)
const waiting = setInterval(() => {}, 1000)

async function send() {
  while (next < end) {
    const number = next++
    const payload = new Uint8Array(Buffer.from(`${number} ${'.'.repeat(number % 1500)}`))
    const lane = number % 5 === 0 ? 'raw' : 'ready'
    try {
      await log.append(lane, { kind: 'metrics', tenant: { organizationId: 1, projectId: 1 }, rows: 1, format: 1, payload })
      writeSync(1, `${number}\n`)
    } catch (error) {
      if (error.code !== 'ingest.log_unavailable') throw error
      writeSync(1, `refused ${number}\n`)
    }
  }
}

await Promise.all(Array.from({ length: 8 }, send))
await log[Symbol.asyncDispose]()
clearInterval(waiting)
