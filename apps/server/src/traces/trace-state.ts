/**
 * Sampling as `tracestate` says it (W3C Trace Context; OpenTelemetry specification, "TraceState: Probability Sampling"): `ot=th:<hex>` is the
 * rejection threshold, `ot=p:<n>` of the earlier draft is the power of two that a span stands for.
 */
import { weightMax } from './limits.ts'

const thresholdDigits = 14
const all = 16 ** thresholdDigits

/** Spans that one with this state stands for; 1 where it says nothing. */
export function weightOfTraceState(state: string): number {
  for (const member of state.split(',')) {
    const text = member.trim()
    if (!text.startsWith('ot=')) continue
    for (const part of text.slice(3).split(';')) {
      const weight = part.startsWith('th:') ? ofThreshold(part.slice(3)) : part.startsWith('p:') ? ofPower(part.slice(2)) : 0
      if (weight >= 1 && weight <= weightMax) return weight
    }
  }
  return 1
}

function ofThreshold(digits: string): number {
  if (digits.length > thresholdDigits || !/^[0-9a-f]+$/.test(digits)) return 0
  const rejected = Number.parseInt(digits, 16) * 16 ** (thresholdDigits - digits.length)
  return all / (all - rejected)
}

function ofPower(digits: string): number {
  const power = /^\d{1,2}$/.test(digits) ? Number(digits) : 63
  return power > 62 ? 0 : 2 ** power
}
