/** Requests of Sentry's command line tool, as versions 2.58 and 3.8 were seen to send them, over the stack. */
import { createHash } from 'node:crypto'
import zlib from 'node:zlib'
import { expect } from 'vitest'
import type { MadeFile } from '../../../apps/server/src/problems/uploads/testing/made-bundle.ts'
import { adminToken, type ApiStack } from './api-stack.ts'

export interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

export interface Sent {
  readonly token?: string
  readonly body?: object | Buffer
  readonly type?: string
}

export interface Upload {
  readonly projects?: readonly (string | number)[]
  readonly version?: string
  readonly token?: string
}

interface File {
  readonly release: string
  readonly name: string
  readonly debugId: string | null
}

export const base = '/api/0/organizations/default'

/** `thrower` of `src/app.ts`, line 1, is at the first column of the minified file. */
export const mapText = JSON.stringify({
  version: 3,
  sources: ['../src/app.ts'],
  sourcesContent: ['export function thrower() { throw new Error("x") }\n'],
  names: ['thrower'],
  mappings: 'AAAAA',
})

export const sha1 = (bytes: Buffer): string => createHash('sha1').update(bytes).digest('hex')

export function form(parts: readonly { name: string; fileName: string; content: Buffer }[]): Required<Pick<Sent, 'body' | 'type'>> {
  const boundary = '------------------------IXFd6PutrD1sR56MAIgoDR'
  const pieces = parts.flatMap(({ name, fileName, content }) => [
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${fileName}"\r\n`),
    Buffer.from('Content-Type: application/octet-stream\r\n\r\n'),
    content,
    Buffer.from('\r\n'),
  ])
  return { body: Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]), type: `multipart/form-data; boundary=${boundary}` }
}

/** Files of a bundle: a minified script and its map. */
export function build(script: string, headers: Readonly<Record<string, string>> = {}): MadeFile[] {
  const sourcemap = `${script.replace(/^.*\//, '')}.map`
  return [
    { path: script, type: 'minified_source', headers: { ...headers, sourcemap }, content: 'throw 1' },
    { path: `${script}.map`, type: 'source_map', headers, content: mapText },
  ]
}

export interface SentryTool {
  call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, sent?: Sent): Promise<Answer>
  sendChunks(chunks: readonly Buffer[], token?: string): Promise<Answer>
  assemble(chunks: readonly Buffer[], how?: Upload): Promise<Answer>
  /** In one piece. */
  upload(bundle: Buffer, how?: Upload): Promise<Answer>
  /** Source maps of a project, the newest first. */
  filesOf(project?: string): Promise<File[]>
}

/** `ownToken`: of requests that do not say another. */
export function sentryTool(stack: ApiStack, ownToken: string): SentryTool {
  const call: SentryTool['call'] = async (method, url, { token = ownToken, body, type } = {}) => {
    const answer = await stack.app.inject({
      method,
      url,
      headers: { authorization: `Bearer ${token}`, ...(type === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { payload: body }),
    })
    return { status: answer.statusCode, body: answer.body === '' ? {} : answer.json() }
  }
  const sendChunks: SentryTool['sendChunks'] = async (chunks, token = ownToken) => {
    const parts = chunks.map((chunk) => ({ name: 'file_gzip', fileName: sha1(chunk), content: zlib.gzipSync(chunk) }))
    return await call('POST', `${base}/chunk-upload/`, { token, ...form(parts) })
  }
  const assemble: SentryTool['assemble'] = async (chunks, { projects = ['default'], version, token = ownToken } = {}) => {
    const named = { projects, ...(version === undefined ? {} : { version }) }
    const body = { checksum: sha1(Buffer.concat(chunks)), chunks: chunks.map(sha1), ...named }
    return await call('POST', `${base}/artifactbundle/assemble/`, { token, body })
  }
  return {
    call,
    sendChunks,
    assemble,
    async upload(bundle, how = {}) {
      expect(await sendChunks([bundle], how.token)).toEqual({ status: 200, body: {} })
      return await assemble([bundle], how)
    },
    async filesOf(project = '1') {
      const { body } = await call('GET', `/api/0/projects/${project}/source-maps`, { token: adminToken })
      return (body['items'] as File[]).map(({ release, name, debugId }) => ({ release, name, debugId }))
    },
  }
}
