/** Shapes of everything under `/api/0`: one schema each, shared by server, web and client library. */
export * from './error.ts'
