/** Limits over sliding windows, in process and in Redis. Public face of the domain. */
export type * from './ports.ts'
