/** The HTTP API: `/api/0`, the Prometheus API, health, static files. Public face. */
export { registerApi } from './register-api.ts'
export type { ApiDeps, ApiIngest, ApiLanes, ApiScrubbing, ApiSettings, DeadLetterStore, Readiness } from './ports.ts'
export { sendUnroutable } from './http/answer.ts'
