/** Structured metadata of an entry: ids of traces and levels mean what they mean in lines, the rest are attributes. */
import type { LineWriter } from '../log-lines/line-writer.ts'

/** `word` is the name, one of `attributes.keys.words`. */
export function takeMetadata({ row, json }: LineWriter, word: number, bytes: Uint8Array, start: number, end: number): void {
  if (!json.takesGiven(word, bytes, start, end)) row.attribute(word, bytes, start, end)
}
