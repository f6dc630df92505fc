/** The parts of the StatsD listener put together. */
import type { Clock } from '../../kernel/clock.ts'
import type { Registry } from '../../kernel/instruments.ts'
import type { Logger } from '../../kernel/log.ts'
import { defaultProtocolLimits, type ProtocolLimits } from '../limits.ts'
import { StatsdDecoder } from './decoder.ts'
import { createStatsdInstruments } from './metrics.ts'
import { StatsdProjects, type StatsdProjectsDeps } from './projects.ts'
import { startStatsdReceiver, type StatsdReceiver } from './receiver.ts'

export interface StatsdOptions extends StatsdProjectsDeps {
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
  readonly instruments: Registry
  readonly clock: Clock
  readonly logger: Logger
  readonly limits?: ProtocolLimits
}

/** Listens for StatsD and DogStatsD. Errors: those of binding the port. */
export function startStatsd(options: StatsdOptions): Promise<StatsdReceiver> {
  const { host, port, clock, logger } = options
  const limits = options.limits ?? defaultProtocolLimits
  const instruments = createStatsdInstruments(options.instruments)
  const projects = new StatsdProjects(options)
  const decoder = new StatsdDecoder({ projects, limits, clock, observer: { unowned: (lines) => instruments.unowned.inc(lines) } })
  return startStatsdReceiver({ host, port, decoder, projects, instruments, clock, logger, sliceMs: limits.decodeSliceMs })
}
