/** The state of the targets page as it stands in the address. */
import { choiceOf, oneOf } from '../../lib/search-params.ts'

const states = ['up', 'down', 'unknown', 'dropped'] as const
export type TargetState = 'all' | (typeof states)[number]

export interface TargetsSearch {
  readonly state?: (typeof states)[number]
  readonly find?: string
  /** Key of the target whose drawer is open. */
  readonly open?: string
}

export function readTargetsSearch(search: Record<string, unknown>): TargetsSearch {
  const state = choiceOf(search['state'], states)
  const find = oneOf(search['find'])
  const open = oneOf(search['open'])
  return { ...(state === undefined ? {} : { state }), ...(find === undefined ? {} : { find }), ...(open === undefined ? {} : { open }) }
}
