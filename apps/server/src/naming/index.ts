/** Names: MRIs, use cases, what may be asked of which metric. Public face of the domain. */
export { isUseCaseId, parseUseCaseId, type UseCaseId, useCaseIds, type UseCaseKey } from './use-case.ts'
export { derivedMetricOf, type DerivedMetric } from './derived-metrics.ts'
export {
  defaultIngestConfigurations,
  MetricsIngestConfigurations,
  type CardinalityLimitOptions,
  type IndexerStorage,
  type MetricsIngestConfiguration,
  type SchemaRules,
  type WindowLimit,
  type WriteLimitOptions,
} from './ingest-configuration.ts'
export {
  formatMri,
  looksLikeMri,
  nameFault,
  parseMri,
  parseMriOrNull,
  type Mri,
  type MriPart,
  type MriType,
  type StoredMriType,
} from './mri.ts'
export { emptyValueOf, isShare, isUnitless, OperationsConfiguration, type Operation, type OperationSubject } from './operations.ts'
export { metricIdOf, mriOfName, publicNameOf, wellKnownById, wellKnownByPublicName, type MetricId } from './public-names.ts'
export { isUnit, referenceUnitOf, unitFactor, unitFamilyOf, unitOfSender, type UnitFamily } from './units.ts'
