/** The program itself. */
export { byUrgency, componentName, systemQuery, toneOf } from './system.queries.ts'
