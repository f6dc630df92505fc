/** A Redis of the test's own, on a free port, without persistence. It can be killed and started again at the same port. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { freePort } from './ports.ts'
import { mayBeMissing, redisPath } from './services.ts'
import { until } from './wait.ts'

export interface TestRedis extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** SIGKILL; everything it held is lost. */
  kill(): Promise<void>
  /** Starts it again at the same port, empty. */
  restart(): Promise<void>
}

/** For `describe.skipIf`. */
export const redisIsMissing = (): boolean => mayBeMissing('Redis', redisPath)

export async function startRedis(): Promise<TestRedis> {
  const port = await freePort()
  let child = await spawnRedis(port)
  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid ?? 0
    },
    kill,
    async restart() {
      await kill()
      child = await spawnRedis(port)
    },
    [Symbol.asyncDispose]: kill,
  }
}

async function spawnRedis(port: number): Promise<ChildProcess> {
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--daemonize', 'no']
  const child = spawn(redisPath ?? 'redis-server', options, { stdio: 'ignore', cwd: '/' })
  process.once('exit', () => child.kill('SIGKILL'))
  await until('Redis to answer', () => answers(port))
  return child
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', (data) => {
      socket.destroy()
      resolve(data.toString().startsWith('+PONG'))
    })
    socket.once('error', () => resolve(false))
  })
}
