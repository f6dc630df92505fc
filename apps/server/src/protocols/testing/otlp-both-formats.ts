/** Sends requests as OTLP protobuf and as OTLP/JSON; both must do the same. */
import { expect } from 'vitest'
import { type TestDoor, createTestDoor } from './door.ts'
import { type ResourceBody, otlpJson, otlpProtobuf } from './otlp-bodies.ts'

const formats: ['otlpProtobuf' | 'otlpJson', (...resources: ResourceBody[]) => Buffer][] = [
  ['otlpProtobuf', otlpProtobuf],
  ['otlpJson', otlpJson],
]

/** Sends each list of resources in turn, in both formats; what is stored after each must be the same. */
export async function stored(
  ...requests: ResourceBody[][]
): Promise<{ door: TestDoor; rows: string[][]; refused: Record<string, number>[] }> {
  const seen: { rows: string[][]; refused: Record<string, number>[]; door: TestDoor }[] = []
  for (const [format, encode] of formats) {
    const door = createTestDoor()
    const rows: string[][] = []
    const refused: Record<string, number>[] = []
    for (const resources of requests) {
      const outcome = await door.send(format, encode(...resources))
      rows.push(door.metrics.take())
      refused.push(Object.fromEntries(outcome.refused))
    }
    seen.push({ door, rows, refused })
  }
  const [first, second] = seen
  if (first === undefined || second === undefined) throw new Error('two formats are expected')
  expect(second.rows).toEqual(first.rows)
  expect(second.refused).toEqual(first.refused)
  expect(second.door.metrics.histograms).toEqual(first.door.metrics.histograms)
  expect(second.door.metrics.exemplars).toEqual(first.door.metrics.exemplars)
  expect(second.door.metrics.metadata).toEqual(first.door.metrics.metadata)
  return first
}
