/** Limits over sliding windows, in process and in Redis. Public face of the domain. */
export type * from './ports.ts'
export { checkQuota } from './sliding-windows.ts'
export { LocalSlidingWindows } from './sliding-windows-local.ts'
export { RedisSlidingWindows } from './sliding-windows-redis.ts'
export type * from './cardinality-ports.ts'
export { InProcessCardinality } from './cardinality-in-process.ts'
export { RedisCardinality } from './cardinality-redis.ts'
export { limitOf } from './cardinality-scopes.ts'
