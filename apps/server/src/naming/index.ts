/** Names: MRIs, use cases, what may be asked of which metric. Public face of the domain. */
export {
  isUseCaseId,
  parseUseCaseId,
  type UseCaseId,
  useCaseIdByKey,
  useCaseIds,
  type UseCaseKey,
  useCaseKeyById,
  useCaseKeyOf,
} from './use-case.ts'
