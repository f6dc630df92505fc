/** Scrubbing remembers what became of resources only as long as someone else knows them. */
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { makeResource } from '../signals/index.ts'
import { SpansBatch } from '../traces/index.ts'
import { CompiledPolicy, defaultPolicy } from './compiled-policy.ts'
import { ScrubbingStage } from './stage.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const policy = new CompiledPolicy(defaultPolicy)
const stage = new ScrubbingStage({ policyOf: () => policy })

/** A request with a resource that nobody keeps: it, and what it became. */
function request(): WeakRef<object>[] {
  const batch = new SpansBatch()
  batch.begin({ organizationId: 1, projectId: 1 }, Date.UTC(2026, 10, 21))
  batch.time(Date.UTC(2026, 10, 21) / 1000, 0)
  const resource = makeResource([['owner', 'bob@example.com']])
  batch.from(resource)
  batch.endRow()
  stage.apply(batch)
  expect(batch.resources[0]?.attributes).toEqual([['owner', '[scrubbed:email]']])
  return [resource, ...batch.resources].map((one) => new WeakRef(one))
}

test('neither the original nor the scrubbed resource outlives its request', async () => {
  const made = request()
  await setImmediate()
  collectGarbage()
  expect(made.map((one) => one.deref())).toEqual([undefined, undefined])
})

test('a resource that its decoder knows is scrubbed once', () => {
  const resource = makeResource([['owner', 'ann@example.com']])
  const scrubbed = (): unknown => {
    const batch = new SpansBatch()
    batch.begin({ organizationId: 1, projectId: 1 }, Date.UTC(2026, 10, 21))
    batch.time(Date.UTC(2026, 10, 21) / 1000, 0)
    batch.from(resource)
    batch.endRow()
    stage.apply(batch)
    return batch.resources[0]
  }
  const first = scrubbed()
  expect(first).not.toBe(resource)
  expect(scrubbed()).toBe(first)
})
