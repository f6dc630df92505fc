/** Performance. Other features draw deploys on their charts; the overview shows open findings. */
export { findingsQuery } from './performance.queries.ts'
export { findingNames, stateTone as findingTone } from './performance-words.ts'
export { useDeployMarks } from './use-deploy-marks.ts'
