/** For tests that something ends soon: on a machine that other programs keep busy the clock on the wall says nothing about it. */

/** Processor time of this process since it began, ms, of all its threads. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
