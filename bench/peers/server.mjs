/** A server under measurement: started as a child process on an empty folder, watched, and stopped. */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Account } from './account.mjs'
import { Connection } from './connection.mjs'

const startMsMax = 60_000
const stopMsMax = 60_000
/** An interrupted run waits so long for servers to end before it kills them. */
const interruptedMsMax = 10_000

/** `{ child, end, scratch }` of every server that runs. */
const running = new Set()

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void endAll(signal))

/** Leaves no process and no folder behind when the run is interrupted. */
async function endAll(signal) {
  const servers = [...running]
  for (const { child } of servers) child.kill('SIGTERM')
  await Promise.race([Promise.all(servers.map(({ end }) => end)), sleep(interruptedMsMax)])
  for (const { child, scratch } of servers) {
    child.kill('SIGKILL')
    scratch.remove()
  }
  process.exit(signal === 'SIGINT' ? 130 : 143)
}

/** A port of loopback that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

/** A folder for one server's data and what it prints; `remove` takes it away. */
export function scratchFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `bellwether-peers-${name}-`))
  const data = join(folder, 'data')
  mkdirSync(data)
  // A database that runs as another user must reach its part of it.
  return { folder, data, printed: join(folder, 'printed'), remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/**
 * Starts `command` and waits until `ready(printed)` gives the address at which it answers (null: not yet). Result: what every kind of
 * server has; the kinds add paths and how to flush.
 */
export async function startProcess({ name, command, args, env = process.env, stdin = 'ignore', scratch, ready }) {
  const output = openSync(scratch.printed, 'w')
  const child = spawn(command, args, { env, stdio: [stdin, output, output] })
  closeSync(output)
  let ended = null
  const end = new Promise((resolve) => {
    child.once('error', (error) => resolve((ended = String(error))))
    child.once('close', (code, signal) => resolve((ended = `ended with ${code ?? signal}`)))
  })
  const entry = { child, end, scratch }
  running.add(entry)
  void end.then(() => running.delete(entry))
  const printed = () => readFileSync(scratch.printed, 'utf8')
  const stop = async () => {
    child.kill('SIGTERM')
    const killer = setTimeout(() => child.kill('SIGKILL'), stopMsMax)
    await end
    clearTimeout(killer)
  }
  const deadlineMs = performance.now() + startMsMax
  for (;;) {
    const url = ended === null ? await ready(printed()) : null
    if (url !== null) {
      const account = new Account(child.pid)
      return { name, url, pid: child.pid, scratch, account, printed, hasEnded: () => ended, stop: () => (account.close(), stop()) }
    }
    if (ended !== null) throw new Error(`${name} ${ended}: ${printed().slice(-600)}`)
    if (performance.now() > deadlineMs) {
      await stop()
      throw new Error(`${name} was not ready after ${startMsMax / 1000} s: ${printed().slice(-600)}`)
    }
    await sleep(100)
  }
}

/** Whether `path` answers 2xx at `url`. */
export async function answers(url, path) {
  const connection = new Connection(url)
  try {
    return Math.floor((await connection.send(path)).status / 100) === 2
  } catch {
    return false
  } finally {
    connection.close()
  }
}
