/** The way of a batch through `SignalIngest` in one go, where nobody shares the thread. */
import type { SignalBatch } from '../batch.ts'
import type { SignalIngest } from '../ingest.ts'

export async function acceptBatch(ingest: SignalIngest, batch: SignalBatch, wireBytes = 1): Promise<void> {
  const preparing = ingest.prepare(batch)
  for (;;) {
    const step = preparing.next()
    if (step.done !== true) continue
    await ingest.accept([step.value], wireBytes)
    for (const _ of ingest.tell([step.value]));
    return
  }
}
