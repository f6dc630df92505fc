/** Turns the text of a setting into its value, or says what is allowed. */
import { resolve } from 'node:path'

import { Secret } from './secret.ts'

/** `ok` or the words "allowed: ..." of the error line. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly allowed: string }

export type Parser<T> = (text: string) => Parsed<T>

function ok<T>(value: T): Parsed<T> {
  return { ok: true, value }
}

function not<T>(allowed: string): Parsed<T> {
  return { ok: false, allowed }
}

export const text: Parser<string> = (input) => (input.trim() === '' ? not('a text that is not empty') : ok(input.trim()))

export const directory: Parser<string> = (input) => (input.trim() === '' ? not('a path') : ok(resolve(input)))

/** TCP or UDP port; 0 has the meaning that the setting gives it. */
export const port: Parser<number> = (input) => wholeNumber(0, 65_535)(input)

export function wholeNumber(min: number, max: number): Parser<number> {
  return (input) => {
    const value = Number(input)
    if (!/^\d+$/.test(input.trim()) || value < min || value > max) return not(`a whole number from ${min} to ${max}`)
    return ok(value)
  }
}

/** With or without decimals. */
export function numberBetween(min: number, max: number): Parser<number> {
  return (input) => {
    const value = Number(input)
    if (!/^\d+(\.\d+)?$/.test(input.trim()) || value < min || value > max) return not(`a number from ${min} to ${max}`)
    return ok(value)
  }
}

/** `1, 17`; empty for none. */
export const idList: Parser<readonly number[]> = (input) => {
  const parts = input
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  return parts.every((part) => /^[1-9]\d{0,8}$/.test(part)) ? ok(parts.map(Number)) : not('numbers of projects with commas between them')
}

export function oneOf<const T extends string>(...values: readonly T[]): Parser<T> {
  return (input) => {
    const found = values.find((value) => value === input.trim())
    return found === undefined ? not(values.map((value) => `'${value}'`).join(' or ')) : ok(found)
  }
}

const unitBytes: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 }

/** `512MiB`, `4GiB`, `1048576`: binary units. */
export function byteSize(minBytes: number): Parser<number> {
  return (input) => {
    const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(input.trim())
    const factor = unitBytes[(match?.[2] ?? '').toLowerCase()]
    const value = match === null || factor === undefined ? Number.NaN : Number(match[1]) * factor
    if (Number.isNaN(value) || value < minBytes) return not(`a size of at least ${minBytes} bytes, such as 512MiB or 4GiB`)
    return ok(Math.floor(value))
  }
}

/** An address with one of the given schemes. */
export function url(...schemes: readonly string[]): Parser<string> {
  return (input) => {
    const allowed = `an address starting with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`
    if (!URL.canParse(input)) return not(allowed)
    const parsed = new URL(input)
    return schemes.includes(parsed.protocol.slice(0, -1)) ? ok(input) : not(allowed)
  }
}

/** PostgreSQL's own form, which is wider than a URL: the host may be missing and named as a socket's folder in `?host=`. */
export const postgresUrl: Parser<string> = (input) =>
  /^postgres(?:ql)?:\/\/\S+$/.test(input) ? ok(input) : not('an address starting with postgres:// or postgresql://')

export const ingestKey: Parser<string> = (input) => (/^[0-9a-f]{32}$/.test(input) ? ok(input) : not('32 hexadecimal digits, lower case'))

export const email: Parser<string> = (input) =>
  /^[^\s@]+@[^\s@]+$/.test(input.trim()) ? ok(input.trim().toLowerCase()) : not('an e-mail address')

/** A password or token. */
export const secret: Parser<Secret> = (input) => (input.length < 8 ? not('at least 8 characters') : ok(new Secret(input)))
