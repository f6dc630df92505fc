/** What an Influx request says beside its body: the unit of its times, its database and when it came. Kept with a body that is logged raw. */
import { AppError } from '../../kernel/errors.ts'
import { bodyMalformed } from '../errors.ts'
import type { TimeUnit } from './line-kernel.ts'

const units = {
  ns: { multiplier: 1, divisor: 1_000_000 },
  us: { multiplier: 1, divisor: 1000 },
  ms: { multiplier: 1, divisor: 1 },
  s: { multiplier: 1000, divisor: 1 },
  m: { multiplier: 60_000, divisor: 1 },
  h: { multiplier: 3_600_000, divisor: 1 },
} as const satisfies Record<string, TimeUnit>

export type Precision = keyof typeof units

/** As the parameter may be written: version 1 has `n` and `u`, version 2 `ns` and `us`. */
const precisions: Readonly<Record<string, Precision>> = {
  '': 'ns',
  n: 'ns',
  ns: 'ns',
  u: 'us',
  us: 'us',
  µ: 'us',
  ms: 'ms',
  s: 's',
  m: 'm',
  h: 'h',
}

export interface InfluxRequest {
  readonly precision: Precision
  /** Value of the label `db`; '' for none. */
  readonly database: string
  /** Time of lines that have none, ms since 1970. */
  readonly nowMs: number
}

/** Errors: `body.malformed` for a unit that is none. */
export function parsePrecision(text: string): Precision {
  const precision = Object.hasOwn(precisions, text) ? precisions[text] : undefined
  if (precision === undefined) {
    throw new AppError(bodyMalformed, {
      publicText: `invalid precision ${JSON.stringify(text.slice(0, 20))} (use n, ns, u, us, ms, s, m or h)`,
    })
  }
  return precision
}

export function unitOf(precision: Precision): TimeUnit {
  return units[precision]
}

/** Digits of a time (no sign, no leading zeros) to whole ms, exact where they are in range; the rest of a ms is cut off. */
export function digitsToMs(digits: string, { multiplier, divisor }: TimeUnit): number {
  const dropped = Math.round(Math.log10(divisor))
  return Number(dropped === 0 ? digits : digits.slice(0, -dropped)) * multiplier
}

/** For the log: length of the request as text (u16, little endian), the text, the body as it came. */
export function withRequest({ precision, nowMs, database }: InfluxRequest, body: Uint8Array): Uint8Array {
  const text = Buffer.from(`${precision} ${Math.round(nowMs)} ${database}`, 'utf8')
  const length = Buffer.alloc(2)
  length.writeUInt16LE(text.byteLength)
  return Buffer.concat([length, text, body])
}

/** Undoes `withRequest`. Errors: `body.malformed`. */
export function withoutRequest(payload: Uint8Array): { readonly influx: InfluxRequest; readonly body: Uint8Array } {
  const end = 2 + ((payload[0] ?? 0) | ((payload[1] ?? 0) << 8))
  const text = Buffer.from(payload.subarray(2, end)).toString('utf8')
  const [, precision, nowMs = '', database = ''] = /^(\S+) (\d+) (.*)$/s.exec(text) ?? []
  if (precision === undefined) throw new AppError(bodyMalformed, { publicText: 'The logged request is damaged.' })
  return { influx: { precision: parsePrecision(precision), nowMs: Number(nowMs), database }, body: payload.subarray(end) }
}
