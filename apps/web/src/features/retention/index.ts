/** How long metrics are kept, and deleting them. The page is loaded by its route. */
export { DeleteMetric } from './DeleteMetric.tsx'
