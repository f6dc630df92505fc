/**
 * Byte layout of a record of signals in the ingest log (format 1): what the batch's columns hold, one section each, so that a column can be
 * added without a new format. Little-endian, unaligned. Described in docs/formats/signals-record.md.
 *
 *     magic u32 · rows u32 · sections u32, then of each section: id u8 · kind u8 · 0 u16 · bytes u32 · those bytes
 *     fixed:  the values
 *     text:   the values as the engine's String column
 *     words:  words u32 · bytes u32 · dictionary as a String column · width u8 · a number a row of 1, 2 or 4 bytes
 *     pairs:  pairs u32 · width u8 · pairs of each row · names as words · values as text
 *     resources (id 0): count u32, then of each: fingerprint u64 · attributes u32 · names and values in turn as texts
 */

/** `SGR1` read as a little-endian number. */
export const magic = 0x3152_4753

/** `SGP1`: several parts of one body, see parts.ts. */
export const partsMagic = 0x3150_4753

export const headerBytes = 12
export const sectionHeaderBytes = 8

export const resourcesId = 0

export const sectionKinds = { fixed: 1, text: 2, word: 3, pairs: 4, resources: 5 } as const

/** Bytes of a number that is at most `max`. */
export function widthOf(max: number): 1 | 2 | 4 {
  return max < 0x100 ? 1 : max < 0x1_0000 ? 2 : 4
}
