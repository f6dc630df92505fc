/** One line as the door takes it apart, for people who want to see it. */
import { LogsBatch } from '../../logs/index.ts'
import { LineWriter } from './line-writer.ts'

const encoder = new TextEncoder()

/** Body and attributes of a line; plain text is all body. */
export function takeApartLine(line: string): { body: string; attributes: Record<string, string> } {
  const batch = new LogsBatch()
  batch.begin({ organizationId: 0, projectId: 0 }, Date.now())
  const writer = new LineWriter(batch)
  const bytes = encoder.encode(line)
  writer.begin(batch, '', true)
  writer.open()
  writer.line(bytes, 0, bytes.length)
  // The time that the line gives may be any; it is not looked at.
  writer.row.hasTime = false
  writer.row.close()
  const attributes: Record<string, string> = {}
  const { keys, values } = batch.attributes
  for (let at = batch.attributes.first(0); at < batch.attributes.last(0); at++) attributes[keys.text(at)] = values.text(at)
  return { body: batch.body.text(0), attributes }
}
