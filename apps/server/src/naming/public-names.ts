/**
 * Public names: what people and the API call a metric, and what its series are stored under (`__name__`). One name, one metric, in both
 * directions: well-known metrics have a name of a table, those of other namespaces are `namespace.name`, custom ones keep their own. A custom
 * name that would read as one of the others gets `custom.` before it.
 */
import { parseMriOrNull, formatMri, nameFault, type Mri, type MriType } from './mri.ts'
import { useCaseIds, type UseCaseId } from './use-case.ts'

/** A metric without its type and unit: what a public name stands for. */
export interface MetricId {
  readonly namespace: UseCaseId
  readonly name: string
}

const transactionMeasurements = ['fcp', 'lcp', 'fid', 'fp', 'inp', 'ttfb', 'ttfb.requesttime', 'app_start_cold', 'app_start_warm'] as const

/** Derived session metrics by their name in the MRI, with the public name's last word for sessions and for users. */
const sessionStates = ['all', 'healthy', 'errored', 'crashed', 'abnormal'] as const

/** Public name and MRI of every well-known metric. */
export const wellKnownMetrics: readonly (readonly [publicName: string, mri: string])[] = [
  ['transaction.duration', 'd:transactions/duration@millisecond'],
  ['transaction.user', 's:transactions/user@none'],
  ...transactionMeasurements.map(
    (name) => [`transaction.measurements.${name}`, `d:transactions/measurements.${name}@millisecond`] as const,
  ),
  ['transaction.measurements.cls', 'd:transactions/measurements.cls@none'],
  ['transaction.all', 'e:transactions/all@none'],
  ['transaction.failure_count', 'e:transactions/failure_count@none'],
  ['transaction.failure_rate', 'e:transactions/failure_rate@ratio'],
  ['transaction.http_error_count', 'e:transactions/http_error_count@none'],
  ['transaction.http_error_rate', 'e:transactions/http_error_rate@ratio'],
  ['transaction.apdex', 'e:transactions/apdex@ratio'],
  ['transaction.miserable_user', 'e:transactions/miserable_user@none'],
  ['transaction.user_misery', 'e:transactions/user_misery@ratio'],
  ['session.started', 'c:sessions/session@none'],
  ['session.duration', 'd:sessions/duration@second'],
  ['session.user', 's:sessions/user@none'],
  ['session.error', 's:sessions/error@none'],
  ...sessionStates.flatMap((state) => [
    [`session.${state}`, `e:sessions/${state}@none`] as const,
    [`session.${state}_user`, `e:sessions/user.${state}@none`] as const,
  ]),
  ['session.crash_rate', 'e:sessions/crash_rate@ratio'],
  ['session.crash_user_rate', 'e:sessions/user.crash_rate@ratio'],
  ['session.crash_free_rate', 'e:sessions/crash_free_rate@ratio'],
  ['session.crash_free_user_rate', 'e:sessions/user.crash_free_rate@ratio'],
  ['session.anr_rate', 'e:sessions/anr_rate@ratio'],
  ['span.duration', 'd:spans/duration@millisecond'],
  ['span.self_time', 'd:spans/exclusive_time@millisecond'],
  ['span.user', 's:spans/user@none'],
]

const byPublicName = new Map<string, Mri>()
const byId = new Map<string, { readonly publicName: string; readonly mri: Mri }>()
for (const [publicName, text] of wellKnownMetrics) {
  const mri = parseMriOrNull(text)
  if (mri === null) throw new Error(`the table of public names has a wrong MRI: ${text}`)
  byPublicName.set(publicName, mri)
  byId.set(`${mri.namespace}/${mri.name}`, { publicName, mri })
}

/** The well-known metric of this public name, null when there is none. */
export function wellKnownByPublicName(publicName: string): Mri | null {
  return byPublicName.get(publicName) ?? null
}

/** The well-known metric of this namespace and name, null when there is none. */
export function wellKnownById({ namespace, name }: MetricId): Mri | null {
  return byId.get(`${namespace}/${name}`)?.mri ?? null
}

const customPrefix = 'custom.'

/** The other namespace's metric that a name without `custom.` would be read as. */
function otherIdOf(publicName: string): MetricId | null {
  const known = byPublicName.get(publicName)
  if (known !== undefined) return { namespace: known.namespace, name: known.name }
  for (const namespace of useCaseIds) {
    if (namespace === 'custom' || !publicName.startsWith(`${namespace}.`)) continue
    const name = publicName.slice(namespace.length + 1)
    // A well-known metric has its own name and only that.
    if (nameFault(namespace, name) === null && !byId.has(`${namespace}/${name}`)) return { namespace, name }
  }
  return null
}

/** Custom names that stand behind `custom.`. */
function isReserved(name: string): boolean {
  if (otherIdOf(name) !== null) return true
  return name.startsWith(customPrefix) && isReserved(name.slice(customPrefix.length))
}

/** What the series of this metric are stored under, and what people call it. */
export function publicNameOf({ namespace, name }: MetricId): string {
  const known = byId.get(`${namespace}/${name}`)
  if (known !== undefined) return known.publicName
  if (namespace !== 'custom') return `${namespace}.${name}`
  return isReserved(name) ? customPrefix + name : name
}

/** The metric of a public or stored name. Every name is one's. */
export function metricIdOf(publicName: string): MetricId {
  const other = otherIdOf(publicName)
  if (other !== null) return other
  const isMarked = publicName.startsWith(customPrefix) && isReserved(publicName.slice(customPrefix.length))
  return { namespace: 'custom', name: isMarked ? publicName.slice(customPrefix.length) : publicName }
}

/** The MRI of a stored name; null for names that no MRI can hold, such as those with an `@`. The type and unit of the table hold where there is one. */
export function mriOfName(publicName: string, type: MriType, unit: string): string | null {
  const id = metricIdOf(publicName)
  const known = wellKnownById(id)
  const mri: Mri = known ?? { ...id, type, unit }
  return nameFault(mri.namespace, mri.name) === null ? formatMri(mri) : null
}
