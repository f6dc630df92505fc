/** Scraping: targets found and fetched, and what they expose as series. Public face of the domain. */
export { compileRelabel, type Relabel, type RelabelConfig } from './relabel.ts'
