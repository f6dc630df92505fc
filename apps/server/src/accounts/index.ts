/** Organizations, teams, projects, keys, members, roles, tokens; who may see what. Public face; see ports.ts. */
export * from './ports.ts'
