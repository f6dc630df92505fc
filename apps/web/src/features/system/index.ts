/** The program itself. */
export { StillAsking } from './StillAsking.tsx'
export { byUrgency, componentName, listenerPort, systemQuery, toneOf } from './system.queries.ts'
