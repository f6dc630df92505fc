/**
 * A figure of small multiples as one SVG file: a panel a measure, time along the bottom, lines told apart by colour and a label. The
 * colours are readable on light and dark grounds, and the file follows the reader's setting where it is shown by itself.
 */

const panel = { width: 360, height: 150, left: 52, right: 12, top: 26, bottom: 22 }
const columns = 3
const titleHeight = 46
/** Of middle lightness, told apart also by who sees red and green alike. */
const colours = ['#3b82c4', '#d97706', '#159a80', '#b4539a', '#7a7a2e', '#8b6fd6']

const style = `
  text { font: 11px system-ui, sans-serif; fill: #333 }
  .name { font-weight: 600; font-size: 12px }
  .title { font-weight: 600; font-size: 15px }
  .ground { fill: #fff }
  .grid { stroke: #8883; stroke-width: 1 }
  .line { fill: none; stroke-width: 1.3; stroke-linejoin: round }
  .tick { fill: #666 }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd }
    .tick { fill: #aaa }
    .ground { fill: #16181d }
  }`

/**
 * `panels`: `[{ name, unit, lines: [{ label, values }] }]`, values in the order of `times` (minutes). NaN is a gap.
 * `title` and `note` stand above.
 */
export function smallMultiples({ title, note, times, panels }) {
  const rows = Math.ceil(panels.length / columns)
  const width = columns * panel.width
  const height = titleHeight + rows * panel.height
  const parts = panels.map((each, index) => {
    const x = (index % columns) * panel.width
    const y = titleHeight + Math.floor(index / columns) * panel.height
    return `<g transform="translate(${x} ${y})">${drawPanel(each, times)}</g>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}">`,
    `<style>${style}</style><rect class="ground" width="${width}" height="${height}"/>`,
    `<text class="title" x="12" y="20">${escape(title)}</text><text class="tick" x="12" y="37">${escape(note)}</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n')
}

function drawPanel({ name, unit, lines }, times) {
  const { width, height, left, right, top, bottom } = panel
  const largest = Math.max(...lines.flatMap(({ values }) => values.filter((value) => Number.isFinite(value))), 0)
  const step = niceStep(largest / 3)
  const topValue = Math.max(step, Math.ceil(largest / step) * step)
  const lastTime = Math.max(times.at(-1) ?? 1, 0.01)
  const xOf = (time) => left + (time / lastTime) * (width - left - right)
  const yOf = (value) => height - bottom - (value / topValue) * (height - top - bottom)
  const parts = [
    `<text class="name" x="${left - 40}" y="14">${escape(name)} <tspan class="tick" font-weight="400">${escape(unit)}</tspan></text>`,
  ]
  for (let value = 0; value <= topValue + step / 2; value += step) {
    const y = yOf(value).toFixed(1)
    parts.push(`<line class="grid" x1="${left}" x2="${width - right}" y1="${y}" y2="${y}"/>`)
    parts.push(`<text class="tick" x="${left - 5}" y="${Number(y) + 4}" text-anchor="end">${shortNumber(value)}</text>`)
  }
  const timeStep = niceStep(lastTime / 4)
  for (let time = 0; time <= lastTime + 1e-9; time += timeStep) {
    parts.push(
      `<text class="tick" x="${xOf(time).toFixed(1)}" y="${height - bottom + 14}" text-anchor="middle">${shortNumber(time)} min</text>`,
    )
  }
  lines.forEach(({ values }, index) => {
    parts.push(`<path class="line" stroke="${colours[index % colours.length]}" d="${pathOf(times, values, { xOf, yOf })}"/>`)
  })
  if (lines.length > 1) parts.push(legend(lines, width - right))
  return parts.join('\n')
}

/** Labels in their lines' colours, from the right end of the panel's head. */
function legend(lines, x) {
  const labels = lines.map(({ label }, index) => `<tspan style="fill:${colours[index % colours.length]}" dx="8">${escape(label)}</tspan>`)
  return `<text x="${x}" y="14" text-anchor="end">${labels.join('')}</text>`
}

function pathOf(times, values, { xOf, yOf }) {
  let path = ''
  let isDown = false
  values.forEach((value, index) => {
    if (!Number.isFinite(value)) isDown = false
    else {
      path += `${isDown ? 'L' : 'M'}${xOf(times[index]).toFixed(1)} ${yOf(value).toFixed(1)}`
      isDown = true
    }
  })
  return path
}

/** The next of 1, 2, 5 times a power of ten. */
function niceStep(least) {
  if (!(least > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(least))
  return power * ([1, 2, 5, 10].find((step) => step * power >= least * 0.999) ?? 10)
}

function shortNumber(value) {
  if (value >= 1e6) return `${+(value / 1e6).toPrecision(3)} M`
  if (value >= 10_000) return `${+(value / 1e3).toPrecision(3)} k`
  return String(+value.toPrecision(3))
}

function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
