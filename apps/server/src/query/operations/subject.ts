/** Which metric is meant, what it is, and what may be asked of it. */
import { AppError } from '../../kernel/errors.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { MetricMetadata, UniqueStore } from '../../metrics/index.ts'
import {
  derivedMetricOf,
  formatMri,
  looksLikeMri,
  metricIdOf,
  mriOfName,
  parseMri,
  publicNameOf,
  unitFactor,
  unitOfSender,
  wellKnownById,
  wellKnownByPublicName,
  type Mri,
  type Operation,
  type StoredMriType,
  type UseCaseId,
} from '../../naming/index.ts'
import type { MetricsQuery } from '../metrics-query.ts'
import { metricNotFound, refused } from './errors.ts'

/** How a distribution is stored: native histograms, `_bucket` series, or count and sum alone (a summary). Others are plain floats. */
export type StoredShape = 'float' | 'native' | 'classic' | 'summary'

export interface MetricSubject {
  /** `__name__` of its series; of classic histograms, the name before `_bucket`. */
  readonly storedName: string
  readonly type: StoredMriType
  readonly useCase: UseCaseId
  /** What values are in, as answered. */
  readonly unit: string
  /** Stored values times this are in `unit`. */
  readonly scale: number
  readonly shape: StoredShape
  readonly mri: string | null
  /** A derived metric's own operation. */
  readonly derived: Operation | null
}

/** What of a metric follows from its name and description. */
export interface MetricKind {
  readonly type: StoredMriType
  readonly useCase: UseCaseId
  readonly unit: string
  readonly mri: string | null
  readonly isSummary: boolean
}

type Reading = Pick<MetricsQuery, 'metadata' | 'allSeries'>

const partSuffix = /_(?:bucket|count|sum)$/

/** A counter by the custom of its name. */
const counterName = /_total$|_(?:bucket|count|sum)$/

/** `name` is one under which series are stored. */
export function metricKindOf(name: string, metadata: MetricMetadata | null, isSet: boolean): MetricKind {
  const known = wellKnownById(metricIdOf(name))
  const type = isSet ? 's' : typeOf(name, metadata, known)
  // The description of a part is its family's.
  const unit = metadata === null || metadata.unit === '' ? (known?.unit ?? 'none') : unitOfSender(metadata.unit)
  const id = metricIdOf(name)
  return { type, unit, useCase: id.namespace, mri: mriOfName(name, type, unit), isSummary: metadata?.type === 'summary' && type === 'd' }
}

function typeOf(name: string, metadata: MetricMetadata | null, known: Mri | null): StoredMriType {
  switch (metadata?.type ?? 'unknown') {
    case 'counter':
      return 'c'
    case 'histogram':
    case 'gaugehistogram':
    case 'summary':
      return partSuffix.test(name) ? 'c' : 'd'
    case 'gauge':
    case 'info':
    case 'stateset':
      return 'g'
    case 'unknown':
      if (known !== null && known.type !== 'e') return known.type
      return counterName.test(name) ? 'c' : 'g'
  }
}

/** The metric as it was named: an MRI (with what it claims), or a public or stored name. */
interface Named {
  readonly storedName: string
  readonly claim: Mri | null
  readonly derived: Operation | null
  readonly derivedMri: string | null
}

/** Errors: `naming.bad_mri`, `metrics.not_found` for a derived metric that is none. */
function namedBy(text: string): Named {
  const mri = looksLikeMri(text) ? parseMri(text) : wellKnownByPublicName(text)
  if (mri === null) return { storedName: text, claim: null, derived: null, derivedMri: null }
  if (mri.type !== 'e') return { storedName: publicNameOf(mri), claim: mri, derived: null, derivedMri: null }
  const derived = derivedMetricOf(mri)
  if (derived === null) throw new AppError(metricNotFound, { publicText: `There is no derived metric ${formatMri(mri)}.` })
  return { storedName: publicNameOf(derived.base), claim: derived.base, derived: derived.operation, derivedMri: formatMri(mri) }
}

/** Who asks, and until when. */
export interface Caller {
  readonly scope: Scope
  readonly signal: AbortSignal
}

export interface SubjectDeps {
  readonly query: Reading
  readonly unique: Pick<UniqueStore, 'isSet'>
}

/**
 * Finds the metric in the scope. One that an MRI or a well-known name describes may have no data yet; any other must be there.
 * Errors: `naming.bad_mri`, `metrics.not_found`, `query.bad_operation_query` when an MRI says another type or unit than is stored.
 */
export async function subjectOf(text: string, { scope, signal }: Caller, deps: SubjectDeps): Promise<MetricSubject> {
  const named = namedBy(text)
  const { storedName, claim } = named
  const has = (name: string): Promise<boolean> => hasSeries(name, { scope, signal }, deps.query)
  const metadata = deps.query.metadata(scope, storedName, 1)[0] ?? null
  const isStored = await has(storedName)
  const isClassic = !isStored && (await has(`${storedName}_bucket`))
  const isSums = !isStored && !isClassic && (await has(`${storedName}_sum`))
  const isFamily = isStored || isClassic || isSums
  if (!isFamily && claim === null) throw new AppError(metricNotFound, { publicText: `This project has no metric ${text.slice(0, 200)}.` })
  const kind = metricKindOf(storedName, metadata, deps.unique.isSet(scope, storedName))
  const isFound = isStored && (metadata !== null || kind.type === 's')
  const type = isClassic ? 'd' : isFound ? kind.type : (storedTypeOf(claim) ?? kind.type)
  if (isFamily && claim !== null && claim.type !== type) {
    throw refused(
      `${storedName} is stored as type ${type}, and was asked for as ${claim.type}.`,
      `Its MRI is ${mriOf(storedName, type, kind.unit)}.`,
    )
  }
  const storedUnit = metadata === null || metadata.unit === '' ? (claim?.unit ?? kind.unit) : kind.unit
  const unit = named.derived === null ? (claim?.unit ?? storedUnit) : storedUnit
  const scale = scaleOf(storedName, storedUnit, unit)
  const isSummary = type === 'd' && (kind.isSummary || isSums)
  const shape = type !== 'd' ? 'float' : isClassic ? 'classic' : isSummary ? 'summary' : 'native'
  const mri = named.derivedMri ?? mriOf(storedName, type, unit)
  return { storedName, type, useCase: metricIdOf(storedName).namespace, unit, scale, shape, mri, derived: named.derived }
}

function storedTypeOf(mri: Mri | null): StoredMriType | null {
  return mri === null || mri.type === 'e' ? null : mri.type
}

/** The type and unit as found; the table's would be the usual ones. */
function mriOf(name: string, type: StoredMriType, unit: string): string | null {
  const id = metricIdOf(name)
  const usual = mriOfName(name, type, unit)
  return usual === null ? null : formatMri({ ...id, type, unit })
}

function scaleOf(name: string, stored: string, asked: string): number {
  const factor = unitFactor(stored, asked)
  if (factor !== null) return factor
  throw refused(`${name} is stored in ${stored}, which cannot be said in ${asked}.`, `Ask for it in ${stored}.`)
}

async function hasSeries(name: string, { scope, signal }: Caller, query: Reading): Promise<boolean> {
  const matchers = [[{ name: '__name__', op: '=' as const, value: name }]]
  const request = { matchers, fromMs: Number.MIN_SAFE_INTEGER, toMs: Number.MAX_SAFE_INTEGER, limit: 1 }
  return (await query.allSeries(scope, request, signal)).items.length > 0
}
