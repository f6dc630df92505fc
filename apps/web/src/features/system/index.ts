/** The program itself. */
export { byUrgency, componentName, listenerPort, systemQuery, toneOf } from './system.queries.ts'
