/** The frame around every page. */
export { Shell } from './Shell.tsx'
