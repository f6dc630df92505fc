import { expect, it } from 'vitest'
import { whyWaiting } from './system.queries.ts'

it('says of an answer that does not come whether it is the engine', () => {
  const why = (state: 'ok' | 'degraded' | 'starting') =>
    whyWaiting([
      { name: 'writer', state: 'degraded' },
      { name: 'clickhouse', state },
    ])
  expect(why('degraded')).toContain('ClickHouse does not answer')
  expect(why('starting')).toContain('ClickHouse is starting')
  for (const said of [why('ok'), whyWaiting([])])
    expect(said).toBe('Still asking. A shorter range or a condition on the service is answered sooner.')
})
