/** Requests to a shop of two services, as spans. */
import type { TestSpan } from './traces-stack.ts'

export const server = 2
export const client = 3
export const producer = 4
export const consumer = 5
export const id = (number: number): string => number.toString(16).padStart(16, '0')
export const trace = (number: number): string => `aaaaaaaaaaaaaaaa${number.toString(16).padStart(16, '0')}`

/** A request to the shop: the asking half, and the answering half, which come with different segments. */
function request(number: number, more: Partial<TestSpan> = {}): { asking: TestSpan[]; answering: TestSpan[] } {
  const [base, atMs] = [number * 16, number * 100]
  const one = { trace: trace(number), host: '' }
  return {
    asking: [
      { ...one, id: id(base + 1), service: 'web', name: 'GET /', kind: server, atMs, forMs: 50, ...more },
      {
        ...one,
        id: id(base + 2),
        parent: id(base + 1),
        service: 'web',
        name: 'GET',
        kind: client,
        atMs: atMs + 5,
        forMs: 40,
        attributes: { 'server.address': 'cart', 'server.port': 8080, user: `u${number}` },
      },
    ],
    answering: [
      {
        ...one,
        id: id(base + 3),
        parent: id(base + 2),
        service: 'cart',
        name: 'GET /cart',
        kind: server,
        atMs: atMs + 10,
        forMs: 30,
        isError: number % 5 === 0,
      },
      {
        ...one,
        id: id(base + 4),
        parent: id(base + 3),
        service: 'cart',
        name: 'SELECT carts',
        kind: client,
        atMs: atMs + 12,
        forMs: 10 + number,
        attributes: { 'db.system': 'postgresql', 'db.namespace': 'shop' },
      },
    ],
  }
}

/** The first so many requests: all that ask, and all that answer. */
export function requests(count: number): { asking: TestSpan[]; answering: TestSpan[] } {
  const all = Array.from({ length: count }, (_, i) => request(i + 1))
  return { asking: all.flatMap(({ asking }) => asking), answering: all.flatMap(({ answering }) => answering) }
}
