/** Which decoder reads which format of logs and spans. */
import type { EventDecoders } from './event-door.ts'
import type { ProtocolLimits } from './limits.ts'

export function createEventDecoders(_limits: ProtocolLimits): EventDecoders {
  return {}
}
