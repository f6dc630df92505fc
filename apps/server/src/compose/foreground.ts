/** Whether something is under way that people or other projects wait for, or was a moment ago: work that nobody waits for asks here. */
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../kernel/clock.ts'

/** Requests come in groups (data is acknowledged, a query follows); so long after the last one it is quiet, ms. */
const quietAfterMs = 5

export class Foreground {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  #underWay = 0
  #touchedMs = Number.NEGATIVE_INFINITY

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  isBusy(): boolean {
    return this.#underWay > 0 || this.#clock.monotonicMs() - this.#touchedMs < quietAfterMs
  }

  touch(): void {
    this.#touchedMs = this.#clock.monotonicMs()
  }

  /** Requests of people and programs that ask; those that bring data are known to the door. */
  watch(app: FastifyInstance): void {
    app.addHook('onRequest', async (request, reply) => {
      if (request.routeOptions.config.bellwetherAccess === 'ingest') return
      this.#underWay++
      reply.raw.once('close', () => {
        this.#underWay--
        this.touch()
      })
    })
  }
}
