/**
 * One line of StatsD or DogStatsD as places in its bytes: `name:value[:value…]|type[|@rate][|#tags][|c:container][|Tseconds]`. Nothing becomes a
 * string here. Fields that are not known are passed over, as DogStatsD asks of servers.
 */

/** The type field; `ms`, `h` and `d` are all distributions. */
export const counterLine = 0
export const gaugeLine = 1
export const timerLine = 2
export const histogramLine = 3
export const distributionLine = 4
export const setLine = 5

/** Why a line cannot be taken apart; also the reason it is counted under. */
export type LineFault = 'malformed' | 'metric_name_missing' | 'value_missing' | 'type_unknown'

const colon = 0x3a
const pipe = 0x7c

/** Places of the parts; reused from line to line. Of absent parts start and end are equal. */
export class StatsdLine {
  /** Of the whole line; it begins with its name. */
  end = 0
  nameStart = 0
  nameEnd = 0
  valueStart = 0
  valueEnd = 0
  type = 0
  rateStart = 0
  rateEnd = 0
  tagsStart = 0
  tagsEnd = 0
  containerStart = 0
  containerEnd = 0
  timeStart = 0
  timeEnd = 0

  /** Null when the line is in order. */
  read(bytes: Uint8Array, start: number, end: number): LineFault | null {
    let at = start
    this.end = end
    while (at < end && bytes[at] !== colon) at++
    if (at === end) return 'malformed'
    this.nameStart = start
    this.nameEnd = at
    this.valueStart = ++at
    while (at < end && bytes[at] !== pipe) at++
    if (at === end) return 'malformed'
    this.valueEnd = at
    if (this.nameStart === this.nameEnd) return 'metric_name_missing'
    if (this.valueStart === this.valueEnd) return 'value_missing'
    const typeStart = ++at
    while (at < end && bytes[at] !== pipe) at++
    this.type = typeOf(bytes, typeStart, at)
    this.rateEnd = this.rateStart = this.tagsEnd = this.tagsStart = 0
    this.containerEnd = this.containerStart = this.timeEnd = this.timeStart = 0
    while (at < end) {
      const fieldStart = ++at
      while (at < end && bytes[at] !== pipe) at++
      this.#field(bytes, fieldStart, at)
    }
    return this.type === -1 ? 'type_unknown' : null
  }

  #field(bytes: Uint8Array, start: number, end: number): void {
    const first = bytes[start]
    if (start === end) return
    if (first === 0x23) {
      this.tagsStart = start + 1
      this.tagsEnd = end
    } else if (first === 0x40) {
      this.rateStart = start + 1
      this.rateEnd = end
    } else if (first === 0x63 && bytes[start + 1] === colon) {
      this.containerStart = start + 2
      this.containerEnd = end
    } else if (first === 0x54) {
      this.timeStart = start + 1
      this.timeEnd = end
    }
  }
}

/** -1 when it is none. */
function typeOf(bytes: Uint8Array, start: number, end: number): number {
  if (end - start === 2) return bytes[start] === 0x6d && bytes[start + 1] === 0x73 ? timerLine : -1
  if (end - start !== 1) return -1
  switch (bytes[start]) {
    case 0x63:
      return counterLine
    case 0x67:
      return gaugeLine
    case 0x68:
      return histogramLine
    case 0x64:
      return distributionLine
    case 0x73:
      return setLine
    default:
      return -1
  }
}
