/** A counter whose total is read from outside (the kernel, the engine) instead of being counted here. */
import { Counter, Gauge, type Registry } from '../../kernel/instruments.ts'

export interface LabelledValue {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface ReadMetric {
  readonly name: string
  readonly help: string
  readonly labelNames?: readonly string[]
  /** Values at this moment; a failure leaves the metric out. */
  readonly read: () => readonly LabelledValue[] | Promise<readonly LabelledValue[]>
}

async function readOr(metric: ReadMetric): Promise<readonly LabelledValue[]> {
  try {
    return await metric.read()
  } catch {
    // A fact this platform does not have is left out, never guessed.
    return []
  }
}

export function registerCounter(registry: Registry, metric: ReadMetric): void {
  const counter: Counter = new Counter({
    name: metric.name,
    help: metric.help,
    labelNames: [...(metric.labelNames ?? [])],
    registers: [registry],
    async collect() {
      const values = await readOr(metric)
      counter.reset()
      for (const { labels, value } of values) if (value >= 0) counter.inc(labels, value)
    },
  })
}

export function registerGauge(registry: Registry, metric: ReadMetric): void {
  const gauge: Gauge = new Gauge({
    name: metric.name,
    help: metric.help,
    labelNames: [...(metric.labelNames ?? [])],
    registers: [registry],
    async collect() {
      const values = await readOr(metric)
      gauge.reset()
      for (const { labels, value } of values) gauge.set(labels, value)
    },
  })
}
