/**
 * The whole simulated shop: five services on four hosts around one database. It only moves forward, in steps of ten seconds on a
 * fixed grid, so that its counters at a given time are the same in every run of one story that began early enough.
 */
import { dayMs, hourMs, plainStory, secondMs, type Story } from './calendar.ts'
import { ShopDatabase } from './database.ts'
import { ShopHosts } from './hosts.ts'
import { PointSet } from './points.ts'
import { ShopServices } from './services.ts'

export const stepMs: number = 10 * secondMs

/** Counters restart at least once within these times: hosts and database at the weekly maintenance, services every third day. */
const memoryMs = 7 * dayMs + hourMs
const servicesMemoryMs = 3 * dayMs + hourMs

export class Shop {
  readonly points: PointSet = new PointSet()
  readonly story: Story
  readonly #services: ShopServices
  readonly #hosts: ShopHosts
  readonly #database: ShopDatabase
  readonly #servicesFromMs: number
  #timeMs: number

  /** A shop whose counters are right from `fromMs` on. */
  constructor(fromMs: number, story: Story = plainStory) {
    this.story = story
    this.#services = new ShopServices(this.points, story)
    this.#hosts = new ShopHosts(this.points, story)
    this.#database = new ShopDatabase(this.points, story)
    this.#servicesFromMs = fromMs - servicesMemoryMs
    this.#timeMs = Math.floor((fromMs - memoryMs) / stepMs) * stepMs
  }

  get timeMs(): number {
    return this.#timeMs
  }

  /** Moves on by one step. */
  step(): void {
    this.#timeMs += stepMs
    const stepSec = stepMs / secondMs
    // The services are most of the work and need the shortest memory.
    if (this.#timeMs > this.#servicesFromMs) this.#services.step(this.#timeMs, stepSec)
    this.#hosts.step(this.#timeMs, stepSec)
    this.#database.step(this.#timeMs, stepSec)
  }

  /** Moves on to the last step at or before `timeMs`. */
  advanceTo(timeMs: number): void {
    while (this.#timeMs + stepMs <= timeMs) this.step()
  }
}
