/** Which source maps the event of an envelope needs, told before the envelope is read for good: to find them may take a moment. */
import type { WantedMaps } from '../../problems/index.ts'
import { EnvelopeError, isRecord, isTooMuchJson, parseEnvelope, parseJson } from './envelope.ts'
import { readDebugIds } from './event.ts'
import { textOf } from './json-values.ts'
import { sentryLimits } from './limits.ts'
import { readExceptions } from './stacks.ts'

const minified = /\.[cm]?js(?:[?#].*)?$/i

/** Null: nothing in it is minified JavaScript, or it cannot be read. */
export function wantedMaps(envelope: Uint8Array): WantedMaps | null {
  const payload = eventOf(envelope)
  if (payload === null || payload.byteLength > sentryLimits.eventBytesMax || isTooMuchJson(payload)) return null
  const event = parseJson(payload)
  if (!isRecord(event)) return null
  const files = new Set<string>()
  for (const { frames } of readExceptions(event))
    for (const { file, line, column } of frames) if (line > 0 && column > 0 && minified.test(file)) files.add(file)
  if (files.size === 0) return null
  return {
    release: textOf(event['release'], 250),
    dist: textOf(event['dist'], 64),
    debugIds: readDebugIds(event['debug_meta']),
    files: [...files],
  }
}

function eventOf(envelope: Uint8Array): Uint8Array | null {
  try {
    return parseEnvelope(envelope).items.find(({ type }) => type === 'event')?.payload ?? null
  } catch (error) {
    // It is told to its sender when it is read for good.
    if (error instanceof EnvelopeError) return null
    throw error
  }
}
