/** Which decoder reads which format of logs and spans. */
import { liftExceptions } from '../problems/index.ts'
import type { EventDecode, EventDecoders } from './event-door.ts'
import type { ProtocolLimits } from './limits.ts'
import { JsonLinesDecoder } from './json-lines/decode.ts'
import { LokiJsonDecoder } from './loki/decode-json.ts'
import { LokiProtobufDecoder } from './loki/decode-protobuf.ts'
import { otlpJsonToProtobuf } from './otlp/json.ts'
import { exportLogsRequest } from './otlp/logs-json.ts'
import { OtlpLogsDecoder } from './otlp/logs.ts'
import { exportTraceRequest } from './otlp/traces-json.ts'
import { OtlpTracesDecoder } from './otlp/traces.ts'

export function createEventDecoders(limits: ProtocolLimits): EventDecoders {
  const otlpTraces = new OtlpTracesDecoder(limits)
  const otlpLogs = new OtlpLogsDecoder(limits)
  const lokiProtobuf = new LokiProtobufDecoder()
  const lokiJson = new LokiJsonDecoder()
  const jsonLines = new JsonLinesDecoder()
  return {
    otlpLogsProtobuf: { kind: 'logs', decode: (plain, session) => otlpLogs.decode(plain, session), isJson: false },
    otlpLogsJson: {
      kind: 'logs',
      decode: (plain, session) => otlpLogs.decode(otlpJsonToProtobuf(plain, limits.jsonObjectsMax, exportLogsRequest), session),
      isJson: true,
    },
    // JSON that is walked and becomes no objects has the bound of other bodies.
    lokiProtobuf: { kind: 'logs', decode: (plain, session) => lokiProtobuf.decode(plain, session), isJson: false },
    lokiJson: { kind: 'logs', decode: (plain, session) => lokiJson.decode(plain, session), isJson: false },
    jsonLines: { kind: 'logs', decode: (plain, session) => jsonLines.decode(plain, session), isJson: false },
    otlpTracesProtobuf: { kind: 'spans', decode: withExceptions((plain, session) => otlpTraces.decode(plain, session)), isJson: false },
    otlpTracesJson: {
      kind: 'spans',
      decode: withExceptions((plain, session) =>
        otlpTraces.decode(otlpJsonToProtobuf(plain, limits.jsonObjectsMax, exportTraceRequest), session),
      ),
      isJson: true,
    },
  }
}

/** Exceptions among the events of spans are log records too. */
function withExceptions(decode: EventDecode): EventDecode {
  return (plain, session) => {
    decode(plain, session)
    liftExceptions(session.spans, session.logs)
  }
}
