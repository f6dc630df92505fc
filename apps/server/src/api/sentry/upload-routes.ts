/**
 * Uploads as Sentry's tools make them: what may be sent, pieces of a bundle, and the request that puts it together. A piece is at most
 * `chunkBytesMax`; requests with pieces are taken a few at a time, because each is in memory.
 */
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Access, Caller } from '../../accounts/index.ts'
import { AppError } from '../../kernel/errors.ts'
import { onceOver } from '../../kernel/request-over.ts'
import {
  bundleBytesMax,
  chunkBytesMax,
  releaseNotFound,
  type BundleRequest,
  type BundleUploads,
  type Uploader,
} from '../../problems/index.ts'
import { badRequest } from '../errors.ts'
import { chunkRequestBytesMax, chunkRequestsAtOnceMax, chunkRequestsOfOrganizationMax, chunksPerRequestMax } from '../limits.ts'
import type { ApiDeps } from '../ports.ts'
import { ChunkSlots, type ChunkPlace } from './chunk-slots.ts'
import { readMultipart, type Part } from './multipart.ts'
import { defineSentryRoute, type SentryMount, type SentryRoute } from './sentry-route.ts'
import { assembleBodySchema, assembledSchema, assembleReleaseSchema, uploadOptionsSchema, type Assembled } from './shapes.ts'

type UploadDeps = Pick<ApiDeps, 'uploads' | 'releases' | 'clock'>

const gunzip = promisify(zlib.gunzip)
const base = '/api/0/organizations/:organization'
/** Of the headers of parts. */
const formBytesMax = 64 * 1024

export function uploadRoutes({ uploads, releases }: Pick<UploadDeps, 'uploads' | 'releases'>): SentryRoute[] {
  return [
    defineSentryRoute({
      method: 'GET',
      path: `${base}/chunk-upload/`,
      summary: 'How `sentry-cli sourcemaps upload` sends bundles.',
      needed: 'write',
      body: null,
      answer: uploadOptionsSchema,
      run: async ({ param }) =>
        await Promise.resolve({
          url: `organizations/${encodeURIComponent(param('organization'))}/chunk-upload/`,
          chunkSize: chunkBytesMax,
          chunksPerRequest: chunksPerRequestMax,
          maxFileSize: bundleBytesMax,
          maxRequestSize: chunkRequestBytesMax,
          concurrency: 2,
          hashAlgorithm: 'sha1' as const,
          compression: ['gzip'],
          // Versions 2 take bundles for unsupported where files of releases are not named too.
          accept: ['release_files', 'artifact_bundles', 'artifact_bundles_v2'],
        }),
    }),
    defineSentryRoute({
      method: 'POST',
      path: `${base}/artifactbundle/assemble/`,
      summary: 'Puts a bundle together whose pieces were sent, or says which are missing; its source maps go to the projects named.',
      needed: 'write',
      body: assembleBodySchema,
      answer: assembledSchema,
      run: async ({ caller, named, body }) => {
        const { version, dist, ...bundle } = body
        return await assembled(
          uploads,
          { caller, accesses: await named(body.projects) },
          { ...bundle, release: version ?? '', dist: dist ?? '' },
        )
      },
    }),
    defineSentryRoute({
      method: 'POST',
      path: `${base}/releases/:version/assemble/`,
      summary: 'The same as older tools ask for it: the source maps go to the projects of the release.',
      needed: 'write',
      body: assembleReleaseSchema,
      answer: assembledSchema,
      run: async ({ caller, accesses, body, param }) => {
        const own = await releases.having(accesses, param('version'))
        if (own.length === 0) throw new AppError(releaseNotFound)
        return await assembled(uploads, { caller, accesses: own }, { ...body, release: param('version'), dist: body.dist ?? '' })
      },
    }),
  ]
}

interface Sender {
  readonly caller: Caller
  readonly accesses: readonly Access[]
}

async function assembled(uploads: BundleUploads, { caller, accesses }: Sender, asked: BundleRequest): Promise<Assembled> {
  const { checksum, chunks, release, dist } = asked
  const request = { checksum, chunks, release, dist }
  const { state, missingChunks, detail } = await uploads.assemble(uploaderOf(caller, accesses), accesses, request)
  return { state, missingChunks: [...missingChunks], detail }
}

/** For descriptions: its body is a form. */
export const chunkRoute: SentryRoute = defineSentryRoute({
  method: 'POST',
  path: `${base}/chunk-upload/`,
  summary: 'Takes pieces: parts `file` or `file_gzip` of a form, each with the SHA-1 of its plain content as its file name.',
  needed: 'write',
  body: null,
  answer: null,
  bodySizeBytesMax: chunkRequestBytesMax,
  run: async () => await Promise.resolve(null),
})

/** The route that takes a form, in a scope of its own. */
export function chunkUpload({ uploads, clock }: Pick<UploadDeps, 'uploads' | 'clock'>): SentryMount['others'] {
  return (scope, admit) => {
    const slots = new ChunkSlots({ ofOrganizationMax: chunkRequestsOfOrganizationMax, max: chunkRequestsAtOnceMax }, clock)
    void scope.register(async (inner) => {
      takeOnlyForms(inner)
      const admitted = new WeakMap<FastifyRequest, { readonly uploader: Uploader; readonly place: ChunkPlace }>()
      inner.post(chunkRoute.path, {
        bodyLimit: chunkRequestBytesMax + formBytesMax,
        config: { bellwetherAccess: chunkRoute.access.kind },
        onRequest: async (request, reply) => {
          const { caller, accesses } = await admit(request, chunkRoute)
          const uploader = uploaderOf(caller, accesses)
          const { socket } = request.raw
          const place = slots.take({
            organizationId: uploader.organizationId,
            bytesRead: () => socket.bytesRead,
            giveUp: () => void socket.destroy(),
          })
          onceOver(request.raw, reply.raw, () => place.end())
          admitted.set(request, { uploader, place })
        },
        handler: async (request, reply) => {
          const known = admitted.get(request)
          if (known === undefined) throw new Error('the request was not admitted')
          const { uploader, place } = known
          place.received()
          for (const part of partsOf(request)) await uploads.putChunk(uploader, part.fileName.toLowerCase(), await plainOf(part))
          return await reply.code(200).send({})
        },
      })
    })
    return [chunkRoute]
  }
}

function takeOnlyForms(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(/^multipart\/form-data/i, { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}

/** Errors by code: `api.bad_request`. */
function partsOf(request: FastifyRequest): Part[] {
  const { body } = request
  if (!Buffer.isBuffer(body)) throw new AppError(badRequest, { publicText: 'A form with pieces of an upload is expected.' })
  return readMultipart(body, request.headers['content-type'] ?? '', chunksPerRequestMax)
}

/** Errors by code: `api.bad_request`. */
async function plainOf({ name, content }: Part): Promise<Buffer> {
  if (name === 'file') return content
  if (name !== 'file_gzip') throw new AppError(badRequest, { publicText: 'Pieces of an upload are parts named file or file_gzip.' })
  try {
    return await gunzip(content, { maxOutputLength: chunkBytesMax })
  } catch (cause) {
    throw new AppError(badRequest, { publicText: `A piece is no gzip, or has more than ${chunkBytesMax} bytes.`, cause })
  }
}

function uploaderOf({ kind, id }: Caller, [first]: readonly Access[]): Uploader {
  if (first === undefined) throw new Error('an upload without a project')
  return { organizationId: first.scope.organizationId, owner: `${kind}:${id}` }
}
