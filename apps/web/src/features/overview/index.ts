/** The first page: is anything wrong? */
export { OverviewPage } from './OverviewPage.tsx'
