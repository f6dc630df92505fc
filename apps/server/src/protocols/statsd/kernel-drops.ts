/** `/proc/net/udp` (proc_net_udp(5)): datagrams that a socket had no room for. */

/** Drops of all sockets bound to the port; 0 when there is none. The port is hexadecimal, the count of drops the last column. */
export function parseKernelDrops(text: string, port: number): number {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  let drops = 0
  for (const line of text.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/)
    if (fields[1]?.endsWith(ending) === true) drops += Number(fields.at(-1)) || 0
  }
  return drops
}
