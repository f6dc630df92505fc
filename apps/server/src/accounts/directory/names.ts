/** Slugs made of names, ids taken from outside, and the bound on how many there may be. */
import { AppError } from '../../kernel/errors.ts'
import { limitReached, unknownReference } from '../errors.ts'

const slugLengthMax = 60
const idPattern = /^[1-9]\d{0,8}$/

/** `Web shop (EU)` → `web-shop-eu`; `x` for a name without a usable letter. */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, slugLengthMax)
    .replaceAll(/^-+|-+$/g, '')
  return slug === '' ? 'x' : slug
}

/** Ids out of a request, without repeats; throws `accounts.unknown_reference` for what cannot be one. */
export function parseIds(ids: readonly string[]): number[] {
  return [...new Set(ids)].map((id) => {
    if (!idPattern.test(id)) throw new AppError(unknownReference, { publicText: `There is no "${id.slice(0, 20)}" in this organization.` })
    return Number(id)
  })
}

export function checkLimit(what: string, count: number, max: number): void {
  if (count >= max) throw new AppError(limitReached, { publicText: `There are ${count} ${what} already; at most ${max} are allowed.` })
}
