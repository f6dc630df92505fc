/** What the StatsD listener tells of itself. */
import { Counter, type Registry } from '../../kernel/instruments.ts'

export interface StatsdInstruments {
  readonly datagrams: Counter
  readonly bytes: Counter
  /** By reason: `queue_full`, `kernel_buffer`. */
  readonly dropped: Counter
  /** Lines whose sender has no project: no key, or an unknown one. */
  readonly unowned: Counter
}

/** One per registry: a second call on the same one throws. */
export function createStatsdInstruments(registry: Registry): StatsdInstruments {
  const registers = [registry]
  return {
    datagrams: new Counter({ name: 'bellwether_statsd_datagrams_total', help: 'Datagrams received.', registers }),
    bytes: new Counter({ name: 'bellwether_statsd_bytes_total', help: 'Bytes of datagrams received.', registers }),
    dropped: new Counter({
      name: 'bellwether_statsd_dropped_datagrams_total',
      help: 'Datagrams dropped because there was no room for them.',
      labelNames: ['reason'],
      registers,
    }),
    unowned: new Counter({
      name: 'bellwether_statsd_unowned_lines_total',
      help: 'Lines that belong to no project: no key, or an unknown one.',
      registers,
    }),
  }
}
