/** What the budget's options may be. */
import { AppError } from '../kernel/errors.ts'
import type { BudgetOptions } from './ports.ts'

/** An option that cannot be. `key` is its name. */
export class InvalidConfiguration extends AppError {
  readonly key: string

  constructor(key: string, allowed: string) {
    const publicText = `${key} must be ${allowed}.`
    super({ code: 'realtime.invalid_configuration', kind: 'invalid', publicText })
    this.name = 'InvalidConfiguration'
    this.key = key
  }
}

const bucketSizeMax = 60
const timeWindowMin = 60

/** Throws `InvalidConfiguration` for the first option that cannot be. */
export function validateBudgetOptions({ budgetBucketSize, budgetTimeWindow, backoffTimer }: BudgetOptions): void {
  if (!Number.isInteger(budgetBucketSize) || budgetBucketSize <= 0 || budgetBucketSize > bucketSizeMax)
    throw new InvalidConfiguration('budgetBucketSize', `a whole number of seconds from 1 to ${bucketSizeMax}`)
  if (!Number.isInteger(budgetTimeWindow) || budgetTimeWindow < timeWindowMin)
    throw new InvalidConfiguration('budgetTimeWindow', `a whole number of seconds, at least ${timeWindowMin}`)
  if (!Number.isInteger(backoffTimer) || backoffTimer < 0)
    throw new InvalidConfiguration('backoffTimer', 'a whole number of seconds, at least 0')
}

/** The buckets that the window reaches at `nowMs`: their first seconds, and how long ago the first one began. */
export interface Window {
  readonly firstSec: number
  readonly currentSec: number
  /** Never 0: the window is at least a minute. */
  readonly spanSec: number
}

export function windowAt(nowMs: number, { budgetBucketSize: bucket, budgetTimeWindow }: BudgetOptions): Window {
  const nowSec = Math.floor(nowMs / 1000)
  const firstSec = floorTo(nowSec - budgetTimeWindow, bucket)
  return { firstSec, currentSec: floorTo(nowSec, bucket), spanSec: nowSec - firstSec }
}

/** Downwards, also below zero. */
function floorTo(seconds: number, step: number): number {
  return Math.floor(seconds / step) * step
}
