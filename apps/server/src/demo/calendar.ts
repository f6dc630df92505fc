/**
 * What happens in the shop and when, as functions of wall-clock time (UTC) alone: how many visitors, which versions run, when a
 * deploy goes wrong. Asking twice, or from two runs of the demo, gives the same answer.
 */
import { chance, wander } from './chance.ts'

export const secondMs = 1000
export const minuteMs = 60 * secondMs
export const hourMs = 60 * minuteMs
export const dayMs = 24 * hourMs

const seed = 20_150
/** 1970-01-01 was a Thursday; day 3 is the first Sunday. */
const firstSunday = 3

function dayOf(timeMs: number): number {
  return Math.floor(timeMs / dayMs)
}

/** A hill of height 1 around `atHour`, about `widthHours` wide, on the clock of 24 hours. */
function hill(hour: number, atHour: number, widthHours: number): number {
  const distance = Math.min(Math.abs(hour - atHour), 24 - Math.abs(hour - atHour))
  return Math.exp(-((distance / widthHours) ** 2))
}

/** Visitors' page views per second: a lunch and an evening peak, busier weekends, some weather. Between about 8 and 75. */
export function pageViewsPerSec(timeMs: number): number {
  const hour = (timeMs % dayMs) / hourMs
  const weekday = (dayOf(timeMs) + 4) % 7
  const shape = 0.18 + 0.45 * hill(hour, 12.5, 3) + 0.75 * hill(hour, 20, 3.2)
  const week = [1.2, 0.92, 0.95, 1, 1.02, 1.1, 1.28][weekday] ?? 1
  const weather = 1 + 0.07 * wander(seed, timeMs, 37 * minuteMs) + 0.03 * wander(seed + 1, timeMs, 2 * minuteMs)
  return 52 * shape * week * weather
}

/** A deploy that broke something, and how it ended. */
export interface Incident {
  /** The faulty version of `catalog` goes out. */
  readonly deployedMs: number
  /** It is rolled back. */
  readonly rolledBackMs: number
}

/**
 * What is particular to one run: an incident around its beginning, so that whoever starts it has one to look into. Null: only those that
 * every run has.
 */
export interface Story {
  readonly staged: Incident | null
}

export const plainStory: Story = { staged: null }

/** A run that begins at `startedMs`: the faulty version went out a quarter of an hour ago and is noticed in twenty minutes. */
export function storyFrom(startedMs: number): Story {
  return { staged: { deployedMs: startedMs - 14 * minuteMs, rolledBackMs: startedMs + 20 * minuteMs } }
}

/** The incident of that day, at an hour between 8 and 20. */
export function incidentOf(day: number): Incident {
  const deployedMs = day * dayMs + Math.round((8 + 12 * chance(seed + 2, day)) * 60) * minuteMs
  return { deployedMs, rolledBackMs: deployedMs + (26 + Math.round(18 * chance(seed + 3, day))) * minuteMs }
}

/** The incident that a moment belongs to, or the day's. No other one is near the staged one. */
function incidentAt(timeMs: number, { staged }: Story): Incident {
  if (staged !== null && timeMs >= staged.deployedMs - 4 * hourMs && timeMs < staged.rolledBackMs + 4 * hourMs) return staged
  return incidentOf(dayOf(timeMs))
}

/**
 * How bad it is now, 0 (well) to 1: it builds up over twelve minutes as the slow query's share of the database's connections grows,
 * and drains within six minutes of the rollback.
 */
export function trouble(timeMs: number, story: Story = plainStory): number {
  const incident = incidentAt(timeMs, story)
  if (timeMs < incident.deployedMs) return 0
  const reached = Math.min(1, (Math.min(timeMs, incident.rolledBackMs) - incident.deployedMs) / (12 * minuteMs))
  const level = reached * reached * (3 - 2 * reached)
  if (timeMs <= incident.rolledBackMs) return level
  return level * Math.max(0, 1 - (timeMs - incident.rolledBackMs) / (6 * minuteMs))
}

/** A service with its place among them. */
export interface Released {
  readonly service: string
  readonly place: number
}

/** The version a service runs. `place` (0, 1, 2 ...) tells the services' release days apart: each is released every third day. */
export function versionAt({ service, place }: Released, timeMs: number, story: Story = plainStory): string {
  const sinceRelease = timeMs - place * dayMs - (9 * hourMs + place * 47 * minuteMs)
  const release = Math.floor(sinceRelease / (3 * dayMs)) % 1000
  const incident = service === 'catalog' ? incidentAt(timeMs, story) : null
  const faulty = incident !== null && timeMs >= incident.deployedMs && timeMs < incident.rolledBackMs
  return `2.${release}.${faulty ? 1 : 0}`
}

/** The last maintenance at or before `timeMs`: hosts and database restart on Sundays from 03:00 on, `place` times ten minutes apart. */
export function lastMaintenanceMs(place: number, timeMs: number): number {
  const first = firstSunday * dayMs + 3 * hourMs + place * 10 * minuteMs
  return first + Math.floor((timeMs - first) / (7 * dayMs)) * 7 * dayMs
}

/** How hard the nightly batch job works, 0 to 1: between 02:00 and 02:40. */
export function nightlyBatch(timeMs: number): number {
  const minutes = (timeMs % dayMs) / minuteMs - 120
  return minutes < 0 || minutes > 40 ? 0 : Math.min(1, minutes / 3, (40 - minutes) / 3)
}
