/** Traces for tests, one span a line: `id parent service name from-to [error]`, times in ns; parent `.` for none. */
import type { SpanColumns } from '../span-columns.ts'

export function drawnTrace(text: string): SpanColumns {
  const rows = text
    .trim()
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(/\s+/))
  const names = [...new Set(rows.map(([, , , name = '']) => name))]
  const services = [...new Set(rows.map(([, , service = '']) => service))]
  const ids = rows.map(([id = '']) => id)
  const missingIds = [...new Set(rows.map(([, parent = '.']) => parent).filter((parent) => parent !== '.' && !ids.includes(parent)))]
  const times = rows.map(([, , , , range = '0-0']) => range.split('-').map(Number))
  return {
    count: rows.length,
    baseMs: 0,
    ids,
    parents: Int32Array.from(rows, ([, parent = '.']) => {
      if (parent === '.') return -1
      const known = ids.indexOf(parent)
      return known === -1 ? rows.length + missingIds.indexOf(parent) : known
    }),
    missingIds,
    loops: [],
    startNs: Float64Array.from(times, ([from = 0]) => from),
    durationNs: Float64Array.from(times, ([from = 0, to = 0]) => to - from),
    shiftNs: new Float64Array(rows.length),
    status: Uint8Array.from(rows, ([, , , , , mark]) => (mark === 'error' ? 2 : 0)),
    kind: Uint8Array.from(rows, () => 1),
    name: Uint32Array.from(rows, ([, , , name = '']) => names.indexOf(name)),
    names,
    service: Uint32Array.from(rows, ([, , service = '']) => services.indexOf(service)),
    services,
  }
}

/** A chain and a fan of `count` spans: as large as asked. */
export function largeTrace(count: number, parentOf: (span: number) => number): SpanColumns {
  const index = Array.from({ length: count }, (_, span) => span)
  return {
    count,
    baseMs: 0,
    ids: index.map((span) => `s${span}`),
    parents: Int32Array.from(index, (span) => (span === 0 ? -1 : parentOf(span))),
    missingIds: [],
    loops: [],
    startNs: Float64Array.from(index),
    durationNs: Float64Array.from(index, (span) => count - span),
    shiftNs: new Float64Array(count),
    status: new Uint8Array(count),
    kind: new Uint8Array(count),
    name: Uint32Array.from(index, (span) => span % 7),
    names: ['a', 'b', 'c', 'd', 'e', 'f', 'g'],
    service: new Uint32Array(count),
    services: ['one'],
  }
}
