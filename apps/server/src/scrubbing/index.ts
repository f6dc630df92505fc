/** Secrets, card numbers, addresses and what projects name are taken out of logs and spans before they are stored. Public face of the domain. */
export { scrubbingMigrations } from './migrations.ts'
export { ScrubbingDesk, type ScrubbingDeskDeps, type ScrubbingState, type TakeApart } from './policy-desk.ts'
export { scrubSamples, type Samples } from './samples.ts'
export { ScrubbingStage, type ScrubbingStageDeps } from './stage.ts'
