/**
 * Bellwether's own metrics. Domains declare them in `<domain>/metrics.ts` through this registry; `GET /metrics` prints them
 * and the self-watcher feeds them to the ordinary ingest path.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

export { Counter, Gauge, Histogram, Registry }

/** One per process. A test makes its own. */
export function createInstruments(): Registry {
  return new Registry()
}
