/** People of the organization. */
export { membersQuery } from './members.queries.ts'
