/** What the palette finds for a text, best first. */

/** In the order they are shown. */
const groups = ['Go to', 'Projects', 'Services', 'Operations', 'Problems', 'Saved views', 'Metrics', 'Do'] as const
export type PaletteGroup = (typeof groups)[number]

export interface PaletteItem {
  readonly id: string
  readonly group: PaletteGroup
  readonly label: string
  /** More words that find it; not shown. */
  readonly words: string
  readonly note: string
}

/** Of an item that only has the letters in order; shown when nothing matches better. */
const lettersScore = 5

/** Items shown of one group. */
export const itemsPerGroupMax = 12

/** Items of one group while several groups have some: each can be reached without much scrolling. */
const itemsBesideMax = 6

/** Only shown once something is typed. */
const typedGroups: ReadonlySet<PaletteGroup> = new Set(['Services', 'Operations', 'Problems', 'Saved views', 'Metrics'])

/**
 * How well `text` matches: 0 not at all; more for a match at the start of the label, of a word, in the middle, in the order of the letters.
 */
export function score(text: string, item: PaletteItem): number {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return 1
  const label = item.label.toLowerCase()
  if (label.startsWith(wanted)) return 100 - Math.min(40, label.length / 4)
  const at = label.indexOf(wanted)
  if (at > 0) return (/[\s_:.\-/]/.test(label[at - 1] ?? '') ? 60 : 40) - Math.min(20, label.length / 8)
  if (wanted.split(/\s+/).every((word) => label.includes(word) || item.words.toLowerCase().includes(word))) return 25
  let from = 0
  for (const letter of wanted) {
    const found = label.indexOf(letter, from)
    if (found === -1) return 0
    from = found + 1
  }
  return wanted.length >= 3 ? lettersScore : 0
}

/** Groups in fixed order, each sorted by score; things with names only once something is typed. */
export function search(text: string, items: readonly PaletteItem[]): readonly PaletteItem[] {
  const found: PaletteItem[] = []
  const all = items.map((item) => ({ item, points: score(text, item) }))
  const least = all.some((entry) => entry.points > lettersScore) ? lettersScore : 0
  const isTyped = text.trim() !== ''
  const named = new Set(all.filter(({ points, item }) => points > least && typedGroups.has(item.group)).map(({ item }) => item.group))
  for (const group of groups) {
    if (typedGroups.has(group) && !isTyped) continue
    const most = isTyped && named.size > 1 ? itemsBesideMax : itemsPerGroupMax
    const scored = all.filter((entry) => entry.item.group === group && entry.points > least)
    scored.sort((a, b) => b.points - a.points)
    found.push(...scored.slice(0, most).map((entry) => entry.item))
  }
  return found
}
