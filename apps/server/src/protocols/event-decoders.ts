/** Which decoder reads which format of logs and spans. */
import { liftExceptions } from '../problems/index.ts'
import type { EventDecode, EventDecoders } from './event-door.ts'
import type { ProtocolLimits } from './limits.ts'
import { JsonLinesDecoder } from './json-lines/decode.ts'
import { LineKernel } from './log-lines/line-kernel.ts'
import { LokiJsonDecoder } from './loki/decode-json.ts'
import { LokiProtobufDecoder } from './loki/decode-protobuf.ts'
import type { Message } from './otlp/json-schema.ts'
import { otlpJsonInSteps } from './otlp/json.ts'
import { exportLogsRequest } from './otlp/logs-json.ts'
import { OtlpLogsDecoder } from './otlp/logs.ts'
import { exportTraceRequest } from './otlp/traces-json.ts'
import { OtlpTracesDecoder } from './otlp/traces.ts'

export function createEventDecoders(limits: ProtocolLimits): EventDecoders {
  const otlpTraces = shared(() => new OtlpTracesDecoder(limits))
  // One for all: no decoder has lines in it while it pauses.
  const kernel = new LineKernel()
  const otlpLogs = shared(() => new OtlpLogsDecoder(limits))
  return {
    otlpLogsProtobuf: { kind: 'logs', decode: otlpLogs, isJson: false },
    otlpLogsJson: { kind: 'logs', decode: fromJson(limits, exportLogsRequest, otlpLogs), isJson: true },
    // JSON that is walked and becomes no objects has the bound of other bodies.
    lokiProtobuf: { kind: 'logs', decode: shared(() => new LokiProtobufDecoder(kernel)), isJson: false },
    lokiJson: { kind: 'logs', decode: shared(() => new LokiJsonDecoder(kernel)), isJson: false },
    jsonLines: { kind: 'logs', decode: shared(() => new JsonLinesDecoder(kernel)), isJson: false },
    otlpTracesProtobuf: { kind: 'spans', decode: withExceptions(otlpTraces), isJson: false },
    otlpTracesJson: { kind: 'spans', decode: withExceptions(fromJson(limits, exportTraceRequest, otlpTraces)), isJson: true },
  }
}

/** A decoder remembers much between bodies, and is in one body at a time: while one pauses, another one reads the next. */
function shared(create: () => { readonly decode: EventDecode }): EventDecode {
  const idle: { readonly decode: EventDecode }[] = []
  return function* (plain, session) {
    const decoder = idle.pop() ?? create()
    try {
      yield* decoder.decode(plain, session)
    } finally {
      idle.push(decoder)
    }
  }
}

function fromJson(limits: ProtocolLimits, request: Message, decode: EventDecode): EventDecode {
  return function* (plain, session) {
    yield* decode(yield* otlpJsonInSteps(plain, limits.jsonObjectsMax, request), session)
  }
}

/** Exceptions among the events of spans are log records too. */
function withExceptions(decode: EventDecode): EventDecode {
  return function* (plain, session) {
    for (const _ of decode(plain, session)) {
      if (session.isPartFull) liftExceptions(session.spans, session.logs)
      yield
    }
    liftExceptions(session.spans, session.logs)
  }
}
