/** The listener of syslog. A message belongs to the project of a key in its structured data, or to project 1 when it comes from this machine. */
import type { Accounts } from '../accounts/index.ts'
import type { Config } from '../config/index.ts'
import { isLoopback } from '../ingest/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Registry } from '../kernel/instruments.ts'
import type { Logger } from '../kernel/log.ts'
import type { ResourceScope } from '../kernel/resource-scope.ts'
import { startSyslog, type EventDoor } from '../protocols/index.ts'
import { attempt, type ListenerState } from './listeners.ts'

export interface SyslogDeps {
  readonly config: Pick<Config, 'host' | 'syslogPort' | 'anonymousIngest'>
  readonly accounts: Accounts
  readonly events: EventDoor
  readonly instruments: Registry
  readonly clock: Clock
  readonly logger: Logger
  readonly warn: (line: string) => void
}

/** A taken port is a warning. */
export function composeSyslog(deps: SyslogDeps, resources: ResourceScope): Promise<ListenerState> {
  const { config, accounts, events, instruments, clock, logger } = deps
  const keys = accounts.ingestKeys
  const what = { name: 'syslog', port: config.syslogPort, setting: 'BELLWETHER_SYSLOG_PORT', elsewhere: null }
  return attempt(deps, what, async (port) => {
    const listener = await startSyslog({
      host: config.host,
      port,
      events,
      tenantOf(key, address) {
        if (key !== null) return keys.resolve(key)
        return config.anonymousIngest === 'loopback' && isLoopback(address) ? keys.anonymousTenant : null
      },
      instruments,
      clock,
      logger: logger.child('syslog'),
    })
    resources.use(listener)
  })
}
