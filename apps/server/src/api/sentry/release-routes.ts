/** Releases and their deploys as Sentry's tools tell of them. A release is of projects; deploys become markers of ours in each of them. */
import type { Access } from '../../accounts/index.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Deploy } from '../../performance/index.ts'
import { releaseCommitsMax, releaseNotFound, type ReleaseCommit, type ReleaseDraft, type ToldRelease } from '../../problems/index.ts'
import { badRequest } from '../errors.ts'
import { releaseBodySizeBytesMax } from '../limits.ts'
import type { ApiDeps } from '../ports.ts'
import { wireTime, wireTimeOrNull } from '../routes/times.ts'
import { projectsOf, type NamedProject } from './discovery-routes.ts'
import { defineSentryRoute, type SentryCall, type SentryRoute } from './sentry-route.ts'
import {
  deploySchema,
  deploysSchema,
  newDeploySchema,
  newReleaseSchema,
  releaseChangeSchema,
  releaseOrNoneSchema,
  releaseSchema,
  releasesSchema,
  type NewDeploy,
  type NewRelease,
  type ReleaseChange,
  type WireDeploy,
  type WireRelease,
} from './shapes.ts'

type ReleaseDeps = Pick<ApiDeps, 'releases' | 'performance' | 'accounts' | 'clock'>

const ofOrganization = '/api/0/organizations/:organization/releases/'
const ofProject = '/api/0/projects/:organization/:project/releases/'

/** Tools of Sentry 2 ask by project, those since ask by organization: the same at both addresses. */
export function releaseRoutes(deps: ReleaseDeps): SentryRoute[] {
  return [...[ofOrganization, ofProject].flatMap((path) => releaseRoutesAt(path, deps)), ...besideReleases(deps)]
}

function releaseRoutesAt(path: string, deps: ReleaseDeps): SentryRoute[] {
  const one = `${path}:version/`
  return [
    defineSentryRoute({
      method: 'GET',
      path,
      summary: 'Releases that were told of, newest first.',
      needed: 'read',
      body: null,
      answer: releasesSchema,
      run: ({ accesses }) => listed(deps, accesses),
    }),
    defineSentryRoute({
      method: 'POST',
      path,
      summary: 'Tells of a release, or changes one: `sentry-cli releases new`.',
      needed: 'write',
      body: newReleaseSchema,
      answer: releaseSchema,
      status: 201,
      bodySizeBytesMax: releaseBodySizeBytesMax,
      run: (call) => told(deps, call),
    }),
    defineSentryRoute({
      method: 'GET',
      path: one,
      summary: 'One release.',
      needed: 'read',
      body: null,
      answer: releaseSchema,
      run: async ({ accesses, param }) => await shown(deps, await having(deps, accesses, param('version')), param('version')),
    }),
    defineSentryRoute({
      method: 'PUT',
      path: one,
      summary: 'Changes a release: commits, when it was released.',
      needed: 'write',
      body: releaseChangeSchema,
      answer: releaseSchema,
      bodySizeBytesMax: releaseBodySizeBytesMax,
      run: async ({ accesses, param, body }) => {
        const own = await having(deps, accesses, param('version'))
        for (const access of own) await deps.releases.put(access, param('version'), draftOf(body))
        return await shown(deps, own, param('version'))
      },
    }),
    defineSentryRoute({
      method: 'DELETE',
      path: one,
      summary: 'Forgets a release; its errors, source maps and deploys stay.',
      needed: 'write',
      body: null,
      answer: null,
      run: async ({ accesses, param }) => {
        for (const access of await having(deps, accesses, param('version'))) await deps.releases.remove(access, param('version'))
        return null
      },
    }),
  ]
}

function besideReleases(deps: ReleaseDeps): SentryRoute[] {
  const deploys = `${ofOrganization}:version/deploys/`
  return [
    defineSentryRoute({
      method: 'GET',
      path: `${ofOrganization}:version/previous-with-commits/`,
      summary: 'The release before it that has commits; empty where there is none.',
      needed: 'read',
      body: null,
      answer: releaseOrNoneSchema,
      run: async ({ accesses, param }) => {
        for (const access of await deps.releases.having(accesses, param('version'))) {
          const previous = await deps.releases.previous(access, param('version'))
          if (previous !== null) return toWire(previous, await projectsOf([access], deps.accounts.directory))
        }
        return {}
      },
    }),
    defineSentryRoute({
      method: 'GET',
      path: deploys,
      summary: 'Deploys of a release, newest first.',
      needed: 'read',
      body: null,
      answer: deploysSchema,
      run: async ({ accesses, param }) => {
        const [first] = await having(deps, accesses, param('version'))
        if (first === undefined) return []
        const found = await deps.performance.deploys(first, { from: 'now-398d', to: 'now+1d', service: null })
        return found.filter(({ version, source }) => version === param('version') && source === 'api').map((deploy) => toWireDeploy(deploy))
      },
    }),
    defineSentryRoute({
      method: 'POST',
      path: deploys,
      summary: 'Marks a deploy in the projects of the release: `sentry-cli deploys new`.',
      needed: 'write',
      body: newDeploySchema,
      answer: deploySchema,
      status: 201,
      run: (call) => deployed(deps, call),
    }),
  ]
}

/** Errors by code: `problems.release_not_found`. */
async function having({ releases }: ReleaseDeps, accesses: readonly Access[], version: string): Promise<Access[]> {
  const own = await releases.having(accesses, version)
  if (own.length === 0) throw new AppError(releaseNotFound)
  return own
}

async function listed(deps: ReleaseDeps, accesses: readonly Access[]): Promise<WireRelease[]> {
  const found = new Map<string, { release: ToldRelease; of: Access[] }>()
  for (const access of accesses)
    for (const release of await deps.releases.list(access, listedMax)) {
      const known = found.get(release.version)
      if (known === undefined) found.set(release.version, { release, of: [access] })
      else known.of.push(access)
    }
  const newest = [...found.values()].sort((a, b) => b.release.createdMs - a.release.createdMs).slice(0, listedMax)
  // Once a project, however many releases it has.
  const named = new Map<Access, readonly NamedProject[]>()
  for (const access of new Set(newest.flatMap(({ of }) => of))) named.set(access, await projectsOf([access], deps.accounts.directory))
  return newest.map(({ release, of }) =>
    toWire(
      release,
      of.flatMap((access) => named.get(access) ?? []),
    ),
  )
}

/** Releases of one answer. */
const listedMax = 100

/** Errors by code: `accounts.*`, `api.bad_request`. */
async function told(deps: ReleaseDeps, { accesses, named, body }: SentryCall<NewRelease>): Promise<WireRelease> {
  const { version, projects } = body
  const own = projects.length > 0 ? await named(projects) : await deps.releases.having(accesses, version)
  const chosen = own.length === 0 && accesses.length === 1 ? accesses : own
  if (chosen.length === 0) throw new AppError(badRequest, { publicText: 'Name the projects of the release: --project.' })
  for (const access of chosen) await deps.releases.put(access, version, draftOf(body))
  return await shown(deps, chosen, version)
}

async function deployed(deps: ReleaseDeps, { accesses, named, body, param }: SentryCall<NewDeploy>): Promise<WireDeploy> {
  const { environment, name, url, dateStarted, dateFinished, projects } = body
  const version = param('version')
  const reached = projects === null || projects === undefined || projects.length === 0 ? accesses : await named(projects)
  const own = await having(deps, reached, version)
  const atMs = dateFinished ?? deps.clock.nowMs()
  const draft = { version, service: null, environment, atMs, url: webAddress(url), note: name ?? '' }
  const made: Deploy[] = []
  for (const access of own) made.push(await deps.performance.addDeploy(access, draft))
  const [first] = made
  if (first === undefined) throw new AppError(releaseNotFound)
  return { ...toWireDeploy(first), dateStarted: wireTimeOrNull(dateStarted ?? null) }
}

async function shown(deps: ReleaseDeps, accesses: readonly Access[], version: string): Promise<WireRelease> {
  const [first] = accesses
  const release = first === undefined ? null : await deps.releases.get(first, version)
  if (release === null) throw new AppError(releaseNotFound)
  return toWire(release, await projectsOf(accesses, deps.accounts.directory))
}

/** What is not said stays as it is. */
function draftOf({ url, dateStarted, dateReleased, status, commits, refs }: ReleaseChange): ReleaseDraft {
  return {
    url: url === undefined ? undefined : webAddress(url),
    startedMs: dateStarted,
    releasedMs: dateReleased,
    isArchived: status === undefined || status === null ? undefined : status === 'archived',
    commits: commitsOf(commits, refs),
  }
}

function commitsOf(commits: ReleaseChange['commits'], refs: ReleaseChange['refs']): ReleaseCommit[] | undefined {
  const told = commits?.map(({ id, repository, message, author_name: author, timestamp }) => {
    const atMs = Date.parse(timestamp ?? '')
    return {
      id: plain(id, 64),
      repository: plain(repository, 200),
      author: plain(author, 200),
      message: plain(message?.split('\n', 1)[0], 300),
      atMs: Number.isFinite(atMs) ? atMs : null,
    }
  })
  const pointed = refs?.map(({ repository, commit }) => ({
    id: plain(commit, 64),
    repository: plain(repository, 200),
    author: '',
    message: '',
    atMs: null,
  }))
  return (told ?? pointed)?.slice(0, releaseCommitsMax)
}

/** Control characters and halves of characters cannot be kept. */
function plain(text: string | null | undefined, charsMax: number): string {
  return (text ?? '').slice(0, charsMax).replace(/[\p{Cc}\p{Cs}]/gu, ' ')
}

/** Only what a page may link to. */
function webAddress(url: string | null | undefined): string | null {
  return url !== null && url !== undefined && URL.canParse(url) && /^https?:/i.test(url) ? plain(url, 2000) : null
}

function toWire(release: ToldRelease, projects: readonly NamedProject[]): WireRelease {
  const { version, url, createdMs, startedMs, releasedMs, isArchived, commits } = release
  const [last] = commits
  return {
    version,
    shortVersion: version.replace(/^.*@/, ''),
    status: isArchived ? 'archived' : 'open',
    ref: null,
    url,
    dateCreated: wireTime(createdMs),
    dateStarted: wireTimeOrNull(startedMs),
    dateReleased: wireTimeOrNull(releasedMs),
    commitCount: commits.length,
    lastCommit: last === undefined ? null : { id: last.id, message: last.message, dateCreated: wireTimeOrNull(last.atMs) },
    newGroups: 0,
    firstEvent: null,
    lastEvent: null,
    projects: projects.map(({ id, slug, name }) => ({ id, slug, name })),
  }
}

function toWireDeploy({ id, environment, url, note, atMs }: Deploy): WireDeploy {
  return { id, environment: environment ?? '', name: note === '' ? null : note, url, dateStarted: null, dateFinished: wireTime(atMs) }
}
