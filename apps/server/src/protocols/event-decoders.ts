/** Which decoder reads which format of logs and spans. */
import type { EventDecoders } from './event-door.ts'
import type { ProtocolLimits } from './limits.ts'
import { otlpJsonToProtobuf } from './otlp/json.ts'
import { exportTraceRequest } from './otlp/traces-json.ts'
import { OtlpTracesDecoder } from './otlp/traces.ts'

export function createEventDecoders(limits: ProtocolLimits): EventDecoders {
  const otlpTraces = new OtlpTracesDecoder(limits)
  return {
    otlpTracesProtobuf: { kind: 'spans', decode: (plain, session) => otlpTraces.decode(plain, session), isJson: false },
    otlpTracesJson: {
      kind: 'spans',
      decode: (plain, session) => otlpTraces.decode(otlpJsonToProtobuf(plain, limits.jsonObjectsMax, exportTraceRequest), session),
      isJson: true,
    },
  }
}
