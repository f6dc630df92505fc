/** This process' JavaScript runtime: delay of the event loop, garbage collection, heap. */
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { Registry } from '../../kernel/instruments.ts'
import { registerCounter, registerGauge } from './absolute-counter.ts'

const delayResolutionMs = 20

/** Registers the metrics and starts measuring until disposed. */
export function watchRuntime(registry: Registry): Disposable {
  const delay = monitorEventLoopDelay({ resolution: delayResolutionMs })
  delay.enable()
  let collections = 0
  let collectionMs = 0
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      collections++
      collectionMs += entry.duration
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  registerGauge(registry, {
    name: 'process_event_loop_delay_seconds',
    help: 'How late the event loop ran since the last look, by quantile.',
    labelNames: ['quantile'],
    read: () => {
      const late = (ns: number): number => Math.max(ns / 1e9 - delayResolutionMs / 1000, 0)
      const values = [
        { labels: { quantile: '0.5' }, value: late(delay.percentile(50)) },
        { labels: { quantile: '0.99' }, value: late(delay.percentile(99)) },
        { labels: { quantile: '1' }, value: late(delay.max) },
      ]
      const hasSamples = delay.count > 0
      delay.reset()
      return hasSamples ? values : []
    },
  })
  registerCounter(registry, {
    name: 'process_gc_seconds_total',
    help: 'Time spent collecting garbage.',
    read: () => [{ labels: {}, value: collectionMs / 1000 }],
  })
  registerCounter(registry, {
    name: 'process_gc_runs_total',
    help: 'Garbage collections.',
    read: () => [{ labels: {}, value: collections }],
  })
  registerGauge(registry, {
    name: 'process_heap_used_bytes',
    help: 'JavaScript heap in use.',
    read: () => [{ labels: {}, value: getHeapStatistics().used_heap_size }],
  })
  registerGauge(registry, {
    name: 'process_external_memory_bytes',
    help: 'Memory of typed arrays and buffers outside the JavaScript heap.',
    read: () => [{ labels: {}, value: process.memoryUsage().external }],
  })
  return {
    [Symbol.dispose]: () => {
      delay.disable()
      observer.disconnect()
    },
  }
}
