/** Sends one body over and over at a rate, as a process of its own (bench/lpq.mjs): open loop up to 16 requests at a time. */
const { url, key, points, perSecond } = JSON.parse(process.argv[2])
const mark = '1111111111111111111'
const underWayMax = 16
const dataPoints = Array.from({ length: points }, (_, i) => ({
  attributes: [{ key: 'i', value: { stringValue: String(i) } }],
  timeUnixNano: mark,
  asDouble: i,
}))
const template = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'flood', gauge: { dataPoints } }] }] }] })
const state = { sent: 0, refused: 0, stop: false }
/** A millisecond a body, so that every sample is one of its own. */
let timeMs = Date.now() - 600_000

async function one() {
  const body = template.replaceAll(mark, `${timeMs++}000000`)
  const headers = { 'content-type': 'application/json', 'x-bellwether-key': key }
  const response = await fetch(`${url}/v1/metrics`, { method: 'POST', headers, body })
  await response.arrayBuffer()
  if (response.ok) state.sent++
  else state.refused++
}

process.on('message', () => {
  state.stop = true
})
const startedMs = performance.now()
const underWay = new Set()
let begun = 0
while (!state.stop) {
  const due = Math.floor(((performance.now() - startedMs) / 1000) * perSecond)
  while (begun < due && underWay.size < underWayMax) {
    begun++
    const sending = one().finally(() => underWay.delete(sending))
    underWay.add(sending)
  }
  await new Promise((resolve) => setTimeout(resolve, 5))
}
await Promise.all(underWay)
process.send({ sent: state.sent, refused: state.refused })
