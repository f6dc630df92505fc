/** What can go wrong with problems and source maps. */
import type { ErrorSpec } from '../kernel/errors.ts'

export const problemNotFound: ErrorSpec = { code: 'problems.not_found', kind: 'not_found', publicText: 'No such problem.' }

export const eventNotFound: ErrorSpec = {
  code: 'problems.event_not_found',
  kind: 'not_found',
  publicText: 'No such event.',
  hint: 'Events are kept as long as logs; counts are kept longer.',
}

export const problemsUnavailable: ErrorSpec = {
  code: 'problems.unavailable',
  kind: 'unavailable',
  publicText: 'Decisions about problems cannot be read or changed right now.',
  hint: 'PostgreSQL is not reachable; try again.',
}

export const badSourceMap: ErrorSpec = { code: 'problems.bad_source_map', kind: 'invalid', publicText: 'This is no source map.' }

export const sourceMapsFull: ErrorSpec = {
  code: 'problems.source_maps_full',
  kind: 'limit',
  publicText: 'The project has all the source maps that fit.',
  hint: 'Delete those of old releases.',
}

export const sourceMapNotFound: ErrorSpec = { code: 'problems.source_map_not_found', kind: 'not_found', publicText: 'No such source map.' }

export const badChunk: ErrorSpec = { code: 'problems.bad_chunk', kind: 'invalid', publicText: 'This is no chunk of an upload.' }

export const uploadsFull: ErrorSpec = {
  code: 'problems.uploads_full',
  kind: 'unavailable',
  publicText: 'Too much of the organization waits to be put together, or too many uploads are under way.',
  hint: 'Try again; what nobody asks for is dropped after two hours.',
}

export const releaseNotFound: ErrorSpec = {
  code: 'problems.release_not_found',
  kind: 'not_found',
  publicText: 'There is no such release in a project that is yours to see.',
  hint: 'Make it first: sentry-cli releases new VERSION, or POST /api/0/organizations/ORGANIZATION/releases/.',
}
