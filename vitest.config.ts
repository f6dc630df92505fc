import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'

/** Source is resolved directly (no stale build in tests), by the export condition that the packages declare. */
const resolve = { conditions: ['bellwether-source'] }
const ssr = { resolve: { conditions: ['bellwether-source', 'node'] } }

/** Under a small, steady load, in a test that judges no times: it runs beside others, where the machine would idle otherwise. */
const pacedFault = 'test/chaos/clock.test.ts'

/** A project of started engines and programs; those of one number run side by side, lower numbers first. */
const withEngines = (groupOrder: number, maxWorkers: number) => ({
  environment: 'node' as const,
  testTimeout: 240_000,
  hookTimeout: 240_000,
  sequence: { groupOrder },
  maxWorkers,
})

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // For two processors, on which everything is meant to run; more at a time make each slower there.
    maxWorkers: 2,
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: 'unit',
          include: ['apps/server/src/**/*.test.ts', 'packages/*/src/**/*.test.ts', 'test/conformance/**/*.test.ts', 'bench/**/*.test.mjs'],
          globalSetup: ['test/support/kernels-setup.ts'],
          environment: 'node',
          testTimeout: 180_000,
          // Modules hold nothing that a test could leave behind, and loading them anew for each file took a third of the time.
          isolate: false,
          restoreMocks: true,
        },
      },
      {
        resolve,
        test: {
          name: 'web',
          include: ['apps/web/src/**/*.test.ts', 'apps/web/src/**/*.test.tsx'],
          environment: 'happy-dom',
          setupFiles: ['test/support/web-setup.ts'],
          testTimeout: 180_000,
          isolate: false,
          restoreMocks: true,
          unstubGlobals: true,
        },
      },
      {
        test: {
          name: 'tidy',
          include: ['test/tidy/**/*.test.ts'],
          environment: 'node',
          testTimeout: 180_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          ...withEngines(1, 3),
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          isolate: false,
          restoreMocks: true,
          globalSetup: ['test/support/kernels-setup.ts'],
        },
      },
      {
        resolve,
        ssr,
        test: {
          ...withEngines(1, 3),
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', pacedFault],
          isolate: false,
          globalSetup: ['test/support/global-setup.ts'],
        },
      },
      {
        resolve,
        ssr,
        test: {
          // What takes all that the machine has, or tells how long something took, is alone.
          ...withEngines(2, 1),
          name: 'chaos',
          include: ['test/chaos/**/*.test.ts'],
          exclude: [pacedFault],
          globalSetup: ['test/support/global-setup.ts'],
        },
      },
    ],
  },
})
