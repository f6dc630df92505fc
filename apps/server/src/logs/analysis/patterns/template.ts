/** A message as words with its changing parts named: what patterns are compared by and shown as. The same parts as in the kernel of shapes. */
import { patternTokensMax, shortNameMax } from './limits.ts'

/** Any word. */
export const anything = '<*>'

/** Runs of letters and digits, joined by what joins numbers. */
const partPattern = /[\p{L}\p{N}\p{M}_]+(?:[.:,+-][\p{L}\p{N}\p{M}_]+)*/gu
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const ipPattern = /^\d{1,3}(?:\.\d{1,3}){3}$/
const addressPattern = /^(\d{1,3}(?:\.\d{1,3}){3}):\d+$/
const timePattern = /^(?:\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?|\d{2}:\d{2}:\d{2}(?:[.,]\d+)?)$/
const durationPattern = /^\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h)$/
const numberPattern = /^\d+(?:[.,]\d+)*$/
const hexPattern = /^(?:0x)?[0-9a-f]+$/i

function nameOf(text: string): string {
  if (numberPattern.test(text)) return ipPattern.test(text) ? '<ip>' : '<num>'
  if (durationPattern.test(text)) return '<duration>'
  if (timePattern.test(text)) return '<time>'
  if (uuidPattern.test(text)) return '<uuid>'
  if (addressPattern.test(text)) return '<ip>:<num>'
  return hexPattern.test(text) && text.length >= 6 ? '<hex>' : '<id>'
}

function isMasked(run: string, isJoined: boolean): boolean {
  const digits = run.replaceAll(/[^0-9]/g, '').length
  if (digits === 0) return isJoined && run.length >= 4 && /^[a-f]+$/i.test(run)
  return !(digits === 1 && run.length >= 2 && run.length <= shortNameMax && /[0-9]$/.test(run) && !isJoined)
}

/** Names what changes; masked runs that are joined are one, others stay as they are. */
function maskPart(part: string): string {
  const pieces = part.split(/([.:,+-])/)
  let out = ''
  let masked = ''
  for (let i = 0; i < pieces.length; i += 2) {
    const run = pieces[i] ?? ''
    const sign = i === 0 ? '' : (pieces[i - 1] ?? '')
    if (isMasked(run, masked !== '' && sign === '-')) {
      if (masked === '') out += sign
      masked += masked === '' ? run : sign + run
      continue
    }
    out += (masked === '' ? '' : nameOf(masked)) + sign + run
    masked = ''
  }
  return out + (masked === '' ? '' : nameOf(masked))
}

/** The first line's words, masked; at most `patternTokensMax`. */
export function templateTokens(text: string): string[] {
  const line = text.trimStart().split('\n', 1)[0] ?? ''
  const masked = line.replaceAll(partPattern, maskPart)
  const tokens = masked.split(/\s+/).filter((token) => token !== '')
  return tokens.length > patternTokensMax ? [...tokens.slice(0, patternTokensMax - 1), '…'] : tokens
}

/** Does the word stand for what changes? */
export function isVariable(token: string): boolean {
  return token.includes('<') && /<(?:\*|num|ip|id|hex|uuid|time|duration)>/.test(token)
}
