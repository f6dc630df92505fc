/**
 * Whether a request came straight from a program on this machine. Only the connection's own address can say that it did; a header can
 * only say that it did not, because whoever sends a request writes its headers.
 */

/** By these a proxy shows itself. */
const proxyHeaders = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'forwarded', 'x-real-ip', 'via'] as const
/** By these a browser does: a page of any site can reach this machine from its visitor's browser. */
const pageHeaders = ['origin', 'sec-fetch-site'] as const

/** The first value of a header, by its name in lower case. */
export type ReadHeader = (name: string) => string | undefined

/** IPv4 127.0.0.0/8, IPv6 ::1, and IPv4 in IPv6 clothes. */
export function isLoopback(address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
  return plain === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(plain)
}

/** A proxy passed the request on: its peer is not its sender. */
export function isForwarded(header: ReadHeader): boolean {
  return proxyHeaders.some((name) => header(name) !== undefined)
}

/** For `AdmissionRequest.remoteAddress`: the connection's address, or a word that is none when someone else is behind it. */
export function senderAddress(peerAddress: string, header: ReadHeader): string {
  if (isForwarded(header)) return 'forwarded'
  return pageHeaders.some((name) => header(name) !== undefined) ? 'web page' : peerAddress
}
