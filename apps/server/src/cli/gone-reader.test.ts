import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { outliveReader } from './gone-reader.ts'

test('lines for a reader that is gone are nobody’s problem, however many come', async () => {
  // It has closed what it read from, and lives on.
  const reader = spawn('sh', ['-c', 'exec 0<&-; echo closed; exec sleep 60'], { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    outliveReader(reader.stdin)
    await once(reader.stdout, 'data')
    const closed = new Promise((done) => reader.stdin.on('close', done))
    reader.stdin.write('first\n')
    await closed
    await new Promise((done) => reader.stdin.write('more\n', done))
    // Without a listener for its error the process would have ended.
    expect(reader.stdin.errored).toMatchObject({ code: 'EPIPE' })
  } finally {
    reader.kill()
  }
})

test('another error of the output is thrown', () => {
  const stream = new PassThrough()
  outliveReader(stream)
  expect(() => stream.emit('error', Object.assign(new Error('full'), { code: 'ENOSPC' }))).toThrow('full')
})
