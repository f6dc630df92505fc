/** What the syslog listener tells of itself. */
import { Counter, type Registry } from '../../kernel/instruments.ts'

export interface SyslogInstruments {
  /** By transport: `udp`, `tcp`. */
  readonly messages: Counter
  /** By reason: `queue_full`, `kernel_buffer`, `unowned`, `failed`, `too_many_connections`. */
  readonly dropped: Counter
}

/** One per registry: a second call on the same one throws. */
export function createSyslogInstruments(registry: Registry): SyslogInstruments {
  const registers = [registry]
  return {
    messages: new Counter({ name: 'bellwether_syslog_messages_total', help: 'Messages received.', labelNames: ['transport'], registers }),
    dropped: new Counter({
      name: 'bellwether_syslog_dropped_total',
      help: 'Messages dropped before they were stored, and connections that were not taken.',
      labelNames: ['reason'],
      registers,
    }),
  }
}
