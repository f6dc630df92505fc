/** What Sentry's tools send and expect, as far as anything is made of it; what they send beyond that is not looked at. */
import { z } from 'zod'
import { projectsNamedMax } from '../../problems/index.ts'

const projects = z.array(z.union([z.string(), z.number().transform(String)])).max(projectsNamedMax)
/** Letters, digits, whatever; no control characters. */
const version = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}]*$/u, 'A version has no control characters.')
  .refine((text) => !['.', '..', 'latest'].includes(text), 'This is no version.')
const time = z
  .string()
  .max(60)
  .refine((text) => Number.isFinite(Date.parse(text)), 'A time as RFC 3339 has it is expected.')
  .transform((text) => Date.parse(text))
  .nullish()
const url = z.string().max(2000).nullish()
const text = z.string().nullish()

const commits = z.array(z.object({ id: z.string().min(1).max(64), repository: text, message: text, author_name: text, timestamp: text }))
const refs = z.array(z.object({ repository: text, commit: z.string().min(1).max(64) }))

const told = {
  url,
  dateStarted: time,
  dateReleased: time,
  status: z.enum(['open', 'archived']).nullish(),
  commits: commits.nullish(),
  refs: refs.nullish(),
}
const releaseChange = z.object(told)
/** What a release is told to be. */
export type ReleaseChange = z.infer<typeof releaseChange>
export const releaseChangeSchema: z.ZodType<ReleaseChange> = releaseChange

const newRelease = z.object({ ...told, version, projects: projects.default([]) })
export type NewRelease = z.infer<typeof newRelease>
export const newReleaseSchema: z.ZodType<NewRelease> = newRelease

const newDeploy = z.object({
  environment: z.string().trim().min(1).max(200),
  name: z.string().max(2000).nullish(),
  url,
  dateStarted: time,
  dateFinished: time,
  projects: projects.nullish(),
})
export type NewDeploy = z.infer<typeof newDeploy>
export const newDeploySchema: z.ZodType<NewDeploy> = newDeploy

const bundle = { checksum: z.string(), chunks: z.array(z.string()).min(1), dist: z.string().max(64).nullish() }
const assembleRelease = z.object(bundle)
export const assembleReleaseSchema: z.ZodType<z.infer<typeof assembleRelease>> = assembleRelease
const assembleBody = z.object({
  ...bundle,
  projects: projects.min(1, 'Name at least one project.'),
  version: version.nullish(),
})
export const assembleBodySchema: z.ZodType<z.infer<typeof assembleBody>> = assembleBody

const assembled = z.object({
  state: z.enum(['not_found', 'assembling', 'ok', 'error']),
  missingChunks: z.array(z.string()),
  detail: z.string().nullable(),
})
export type Assembled = z.infer<typeof assembled>
export const assembledSchema: z.ZodType<Assembled> = assembled

const uploadOptions = z.object({
  /** Relative to `/api/0/`, so that it holds behind any proxy. */
  url: z.string(),
  chunkSize: z.number(),
  chunksPerRequest: z.number(),
  maxFileSize: z.number(),
  maxRequestSize: z.number(),
  concurrency: z.number(),
  hashAlgorithm: z.literal('sha1'),
  compression: z.array(z.string()),
  accept: z.array(z.string()),
})
export const uploadOptionsSchema: z.ZodType<z.infer<typeof uploadOptions>> = uploadOptions

const project = z.object({ id: z.string(), slug: z.string(), name: z.string() })
const release = z.object({
  version: z.string(),
  shortVersion: z.string(),
  status: z.enum(['open', 'archived']),
  ref: z.null(),
  url: z.string().nullable(),
  dateCreated: z.string(),
  dateStarted: z.string().nullable(),
  dateReleased: z.string().nullable(),
  commitCount: z.number(),
  lastCommit: z.object({ id: z.string(), message: z.string(), dateCreated: z.string().nullable() }).nullable(),
  newGroups: z.number(),
  firstEvent: z.string().nullable(),
  lastEvent: z.string().nullable(),
  projects: z.array(project),
})
export type WireRelease = z.infer<typeof release>
export const releaseSchema: z.ZodType<WireRelease> = release
export const releasesSchema: z.ZodType<WireRelease[]> = z.array(release)
/** Empty: there is none. */
export const releaseOrNoneSchema: z.ZodType<WireRelease | Record<string, never>> = z.union([release, z.record(z.string(), z.never())])

const deploy = z.object({
  id: z.string(),
  environment: z.string(),
  name: z.string().nullable(),
  url: z.string().nullable(),
  dateStarted: z.string().nullable(),
  dateFinished: z.string(),
})
export type WireDeploy = z.infer<typeof deploy>
export const deploySchema: z.ZodType<WireDeploy> = deploy
export const deploysSchema: z.ZodType<WireDeploy[]> = z.array(deploy)

const standing = z.object({
  version: z.literal('0'),
  auth: z.object({ scopes: z.array(z.string()) }),
  user: z.object({ id: z.string(), name: z.string(), email: z.string() }),
})
export const standingSchema: z.ZodType<z.infer<typeof standing>> = standing

const organization = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  dateCreated: z.string(),
  isEarlyAdopter: z.boolean(),
  require2FA: z.boolean(),
  requireEmailVerification: z.boolean(),
  features: z.array(z.string()),
})
export const organizationsSchema: z.ZodType<z.infer<typeof organization>[]> = z.array(organization)

const listedProject = project.extend({ dateCreated: z.string(), team: z.null(), teams: z.array(z.unknown()) })
export const projectsSchema: z.ZodType<z.infer<typeof listedProject>[]> = z.array(listedProject)
export const repositoriesSchema: z.ZodType<never[]> = z.array(z.never())
