/** Logs. The explorer is loaded by its route. */
export { LogRetention } from './LogRetention.tsx'
