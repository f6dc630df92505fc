/** Deletes what has expired: sessions, sign-in links. A failure is tried again the next time round. */
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import type { AccountsDatabase } from './database.ts'
import { housekeepingPeriodMs, usedLinkKeptMs } from './limits.ts'

export async function deleteExpired(database: AccountsDatabase, nowMs: number): Promise<void> {
  const now = new Date(nowMs)
  await database.change(async (trx) => {
    await trx.deleteFrom('sessions').where('expires_at', '<', now).execute()
    await trx
      .deleteFrom('sign_in_links')
      .where((eb) => eb.or([eb('expires_at', '<', now), eb('used_at', '<', new Date(nowMs - usedLinkKeptMs))]))
      .execute()
  })
}

export function startHousekeeping(database: AccountsDatabase, clock: Clock, logger: Logger): Disposable {
  return clock.every(housekeepingPeriodMs, () => {
    deleteExpired(database, clock.nowMs()).catch((error: unknown) => logger.warn('expired sessions were not deleted', { error }))
  })
}
