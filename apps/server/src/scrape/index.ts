/** Scraping: targets found and fetched, and what they expose as series. Public face of the domain. */
export * from './ports.ts'
export { Scraper, type ScraperDeps } from './scraper.ts'
