/** What aggregates and sets tell of themselves. */
import { Gauge, type Registry } from '../../kernel/instruments.ts'
import { registerCounter } from '../self/absolute-counter.ts'
import type { SetsHead } from '../sets/sets-head.ts'
import type { Aggregates } from './ports.ts'

/** One per registry: a second call on the same one throws. */
export function watchAggregates(registry: Registry, { aggregates, sets }: { aggregates: Aggregates; sets: SetsHead }): void {
  function gauge(name: string, help: string, read: () => number): void {
    const made: Gauge = new Gauge({ name, help, registers: [registry], collect: () => made.set(read()) })
  }
  gauge('bellwether_aggregates', 'Series that are summed up here from single observations.', () => aggregates.size)
  gauge('bellwether_set_members_in_memory', 'Members of sets that may not be in the engine yet.', () => sets.fresh.memberCount)
  registerCounter(registry, {
    name: 'bellwether_set_members_hidden_total',
    help: 'Members of sets that no count saw until they were in the engine, because memory was used up.',
    read: () => [{ labels: {}, value: sets.fresh.hiddenTotal }],
  })
}
