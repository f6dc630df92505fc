/**
 * Heights of rows that were drawn, by the row's id: a list that is come back to lies as it was left, before its rows are measured again.
 * Only those that are not of one line are kept, the newest of them.
 */

/** A line, and its border. */
export const lineHeightPx = 26
const keptMax = 20_000

export interface RowHeights {
  heightOf(id: string | undefined): number
  keep(id: string, heightPx: number): void
}

export function createRowHeights(limit: number = keptMax): RowHeights {
  const heights = new Map<string, number>()
  return {
    heightOf: (id) => (id === undefined ? undefined : heights.get(id)) ?? lineHeightPx,
    keep(id, heightPx) {
      heights.delete(id)
      if (heightPx === lineHeightPx) return
      heights.set(id, heightPx)
      if (heights.size <= limit) return
      for (const oldest of heights.keys()) {
        heights.delete(oldest)
        break
      }
    },
  }
}

/** Of lists whose long messages are wrapped; others have rows of one line. */
export const wrappedHeights: RowHeights = createRowHeights()
