import type { ImportBody } from '@bellwether/protocol'
import { describe, expect, test } from 'vitest'
import type { Upload } from './import.queries.ts'
import { foundByServer } from './mapping.ts'
import { Uploads } from './uploads.ts'

const path = '/api/0/projects/1'
const status: ImportBody = {
  id: 'i1',
  state: 'running',
  format: 'csv',
  fileName: 'a.csv',
  sizeBytes: 10,
  receivedBytes: 0,
  lines: 0,
  samples: 0,
  stored: 0,
  duplicates: 0,
  refused: {},
  refusedRows: [],
  mapping: null,
  startedAt: '2026-11-21T08:00:00.000Z',
  endedAt: null,
  failure: null,
}

function upload(projectPath = path): Omit<Upload, 'signal'> {
  const chosen = {
    file: new File(['t,v\n1,2\n'], 'a.csv'),
    format: 'csv',
    isGzipped: false,
    separator: ',',
    head: new Uint8Array(),
  } as const
  return { projectPath, chosen, mapping: foundByServer, resumed: null, onProgress: () => {} }
}

/** Sends that wait for who tests to end them; stopped ones fail as `fetch` does. */
function sends() {
  const begun: { readonly given: Upload; readonly end: (ended: ImportBody) => void; readonly fail: (error: Error) => void }[] = []
  const send = (given: Upload): Promise<ImportBody> =>
    new Promise((end, fail) => {
      begun.push({ given, end, fail })
      given.signal.addEventListener('abort', () => fail(new DOMException('stopped', 'AbortError')))
    })
  return { begun, uploads: new Uploads(send) }
}

describe('uploads', () => {
  test('go on without anyone listening, and are seen by who comes later', async () => {
    const { begun, uploads } = sends()
    const leave = uploads.subscribe(() => {})
    const sent = uploads.start(upload())
    leave()
    begun[0]?.given.onProgress(status)
    expect(uploads.of(path)).toEqual({ isSending: true, importId: 'i1', fileName: 'a.csv', error: null })
    begun[0]?.end({ ...status, state: 'done' })
    expect(await sent).toBe(true)
    expect(uploads.of(path)).toEqual({ isSending: false, importId: null, fileName: '', error: null })
  })

  test('are one at a time for a project', async () => {
    const { begun, uploads } = sends()
    const first = uploads.start({ ...upload(), resumed: status })
    expect(await uploads.start({ ...upload(), resumed: status })).toBe(false)
    const other = uploads.start(upload('/api/0/projects/2'))
    expect(begun).toHaveLength(2)
    for (const { end } of begun) end({ ...status, state: 'done' })
    expect(await Promise.all([first, other])).toEqual([true, true])
  })

  test('end without an error when their import is cancelled, and with one when they break off', async () => {
    const { begun, uploads } = sends()
    const first = uploads.start(upload())
    begun[0]?.given.onProgress(status)
    uploads.stop(path, 'another')
    expect(uploads.of(path).isSending).toBe(true)
    uploads.stop(path, 'i1')
    expect(await first).toBe(false)
    expect(uploads.of(path)).toMatchObject({ isSending: false, error: null })
    const second = uploads.start(upload())
    const broken = new Error('gone')
    begun[1]?.fail(broken)
    expect(await second).toBe(false)
    expect(uploads.of(path)).toMatchObject({ isSending: false, importId: null, fileName: 'a.csv', error: broken })
  })
})
