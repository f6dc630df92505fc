/** Under an answer that does not come: whether it is the engine that does not answer. */
import { useQuery } from '@tanstack/react-query'
import { systemQuery, whyWaiting } from './system.queries.ts'

const refreshMs = 5000

export function StillAsking() {
  const { data } = useQuery({ ...systemQuery, refetchInterval: refreshMs })
  return <p>{whyWaiting(data?.components ?? [])}</p>
}
