/** Which use case the strings of a series are recorded under: that of its metric's name. */
import { isUseCaseId, metricIdOf, type UseCaseId } from '../../naming/index.ts'

/** The use case of names that none claims. */
export const defaultUseCase: UseCaseId = 'custom'

export function useCaseOfMetric(name: string): UseCaseId {
  const { namespace } = metricIdOf(name)
  return isUseCaseId(namespace) ? namespace : defaultUseCase
}
