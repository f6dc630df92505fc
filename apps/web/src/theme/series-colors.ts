/**
 * Colours of data series. Eight colours in the order of Okabe and Ito's palette for colour-blind readers, tuned for each theme so that
 * every line keeps a contrast of 3 against the page. A series' colour follows from its name, so it is the same on every page.
 */

export interface SeriesStyle {
  readonly color: string
  /** Past eight series colours repeat; the dash keeps them apart. */
  readonly dash: 'solid' | 'dashed' | 'dotted'
}

export type ColorScheme = 'light' | 'dark'

export const seriesColors: Readonly<Record<ColorScheme, readonly string[]>> = {
  light: ['#0a6db0', '#b86e00', '#00805a', '#c2410c', '#a84a80', '#2f8fc4', '#857600', '#5b6470'],
  dark: ['#5aa9ec', '#eda52f', '#2bbd8e', '#f57a49', '#dd8fbc', '#8fd0f5', '#e3d650', '#b6bdc8'],
}

const dashes: readonly SeriesStyle['dash'][] = ['solid', 'dashed', 'dotted']

/** FNV-1a over code units: the same name gives the same number in every browser. */
export function hashName(name: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i += 1) {
    hash ^= name.charCodeAt(i)
    hash = Math.imul(hash, 0x01000193)
  }
  return hash >>> 0
}

/**
 * Styles for the series of one chart. Each takes the colour of its name; when two names meet on one colour, the later (by name)
 * takes the next free one, so that a chart of up to eight series never shows a colour twice.
 */
export function styleSeries(names: readonly string[], scheme: ColorScheme): ReadonlyMap<string, SeriesStyle> {
  const palette = seriesColors[scheme]
  const uses = new Array<number>(palette.length).fill(0)
  const styles = new Map<string, SeriesStyle>()
  for (const name of [...new Set(names)].sort()) {
    const least = Math.min(...uses)
    let slot = hashName(name) % palette.length
    while ((uses[slot] ?? 0) > least) slot = (slot + 1) % palette.length
    const round = uses[slot] ?? 0
    uses[slot] = round + 1
    styles.set(name, { color: palette[slot] ?? '#888888', dash: dashes[round % dashes.length] ?? 'solid' })
  }
  return styles
}
