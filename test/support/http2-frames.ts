/** RFC 9113: HTTP/2 as bytes, for what Node's own client would never send, or not in this order or in these pieces. */
import { type Socket, connect } from 'node:net'

export const frameTypes = { data: 0, headers: 1, rstStream: 3, settings: 4, goaway: 7 } as const
export const frameFlags = { endStream: 1, endHeaders: 4 } as const

export function http2Frame(type: number, flags: number, streamId: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.byteLength, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, payload])
}

/** The beginning of a call of `MetricsService/Export`, with these fields changed or added. */
export function exportCall(streamId: number, fields: Readonly<Record<string, string>> = {}, flags = 0): Buffer {
  const headers = {
    ':method': 'POST',
    ':scheme': 'http',
    ':authority': 'test',
    ':path': '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
    'content-type': 'application/grpc',
    ...fields,
  }
  return http2Frame(frameTypes.headers, frameFlags.endHeaders | flags, streamId, Buffer.concat(Object.entries(headers).map(literalField)))
}

/** GOAWAY and RST_STREAM. */
export function uint32s(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, index) => bytes.writeUInt32BE(value, 4 * index))
  return bytes
}

export function connectRaw(port: number): Socket {
  const socket = connect(port, '127.0.0.1').setNoDelay(true)
  socket.on('error', () => undefined)
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  socket.write(http2Frame(frameTypes.settings, 0, 0))
  return socket
}

interface ReceivedFrame {
  readonly type: number
  readonly streamId: number
}

/** All frames until the other side ends the connection. */
export async function framesUntilEnd(socket: Socket): Promise<ReceivedFrame[]> {
  const chunks: Buffer[] = []
  await new Promise<void>((resolve) => socket.on('data', (chunk: Buffer) => chunks.push(chunk)).once('close', () => resolve()))
  const bytes = Buffer.concat(chunks)
  const frames: ReceivedFrame[] = []
  for (let at = 0; at + 9 <= bytes.byteLength; at += 9 + bytes.readUIntBE(at, 3))
    frames.push({ type: bytes.readUInt8(at + 3), streamId: bytes.readUInt32BE(at + 5) })
  return frames
}

/** RFC 7541 6.2.2: a literal field with a new name, neither of them longer than 126 bytes. */
function literalField([name, value]: [string, string]): Buffer {
  return Buffer.from(`\0${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`, 'latin1')
}
