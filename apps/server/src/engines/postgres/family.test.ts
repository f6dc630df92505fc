import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { killServersIn } from './family.ts'

let folder: string
let started: ChildProcess[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-family-'))
  started = []
})

afterEach(() => {
  for (const child of started) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

async function startIn(cwd: string, command: string, args: readonly string[], argv0?: string): Promise<ChildProcess> {
  const child = spawn(command, args, { cwd, stdio: 'ignore', ...(argv0 === undefined ? {} : { argv0 }) })
  started.push(child)
  await once(child, 'spawn')
  return child
}

async function endOf(child: ChildProcess): Promise<unknown> {
  if (child.signalCode === null && child.exitCode === null) await once(child, 'exit')
  return child.signalCode
}

const idle = ['-e', 'setInterval(() => {}, 1000)']

describe.skipIf(!existsSync('/proc/self/cwd'))('what a server left behind', () => {
  test('processes of a server in its folder are ended: by their title, and by their program, also a replaced one', async () => {
    const program = join(folder, 'postgres')
    copyFileSync('/bin/sleep', program)
    const byTitle = await startIn(folder, process.execPath, idle, 'postgres: checkpointer')
    const byProgram = await startIn(folder, program, ['60'], 'sleep')
    expect(killServersIn(folder)).toBe(2)
    expect(await Promise.all([endOf(byTitle), endOf(byProgram)])).toEqual(['SIGKILL', 'SIGKILL'])
    const replaced = await startIn(folder, program, ['60'], 'sleep')
    rmSync(program)
    expect(killServersIn(folder)).toBe(1)
    expect(await endOf(replaced)).toBe('SIGKILL')
  })

  test('someone else who works in the folder, and a server elsewhere, are left alone', async () => {
    const stranger = await startIn(folder, 'sleep', ['60'])
    const elsewhere = await startIn(tmpdir(), process.execPath, idle, 'postgres: checkpointer')
    expect(killServersIn(folder)).toBe(0)
    // A signal that was sent would come before this one.
    for (const child of [stranger, elsewhere]) child.kill('SIGTERM')
    expect(await Promise.all([endOf(stranger), endOf(elsewhere)])).toEqual(['SIGTERM', 'SIGTERM'])
  })
})
