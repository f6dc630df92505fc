/**
 * The labelled set of the detectors on traces: scenarios that are findings and scenarios that only look so, each drawn many times with
 * different numbers, styles of instrumentation and noise. A case is some traces of one operation with the findings that a person would make.
 */
import type { FindingKind, SampledTrace } from '../ports.ts'
import { Dice, fetched, madeTrace, query, served, work, type SpanDraft } from './made-traces.ts'

export interface LabelledTraces {
  readonly scenario: string
  readonly label: FindingKind | null
  readonly traces: readonly SampledTrace[]
}

/** Children of one request; `nth` counts the requests of the case. */
type Scenario = (dice: Dice, nth: number, style: Style) => readonly SpanDraft[] | { readonly entry: SpanDraft }

/** What stays the same over the traces of a case. */
interface Style {
  readonly isOld: boolean
  readonly isWrapped: boolean
  readonly size: number
  readonly ms: number
}

const repeat = (count: number, make: (i: number) => SpanDraft): SpanDraft[] => Array.from({ length: count }, (_, i) => make(i))
const wrap = ({ isWrapped }: Style, span: SpanDraft, i: number): SpanDraft => (isWrapped ? work(`Model.find ${i % 2}`, 0.3, [span]) : span)

const nPlusOne: Readonly<Record<string, Scenario>> = {
  'a list, then a read for each': (dice, _nth, style) => [
    query('SELECT * FROM orders WHERE shop_id = $1 LIMIT 50', dice.between(2, 9), style),
    ...repeat(style.size + dice.whole(0, 4), (i) =>
      wrap(style, query('SELECT * FROM customers WHERE id = $1', dice.between(3, 12), style), i),
    ),
  ],
  'values written into the text': (dice, _nth, style) => [
    query('SELECT id FROM posts ORDER BY id DESC LIMIT 20', dice.between(2, 9), style),
    ...repeat(style.size, (i) => query(`SELECT count(*) FROM comments WHERE post_id = ${1000 + i}`, dice.between(4, 10), style)),
  ],
  'resolvers ask the database side by side': (dice, _nth, style) => [
    query('SELECT * FROM books', dice.between(2, 9), style),
    ...repeat(style.size, (i) => ({
      ...query('SELECT name FROM authors WHERE id = $1', dice.between(5, 20), style),
      isBeside: true,
      gapMs: 10 + i * 0.2,
    })),
  ],
  'a service is asked for each': (dice, _nth, style) => [
    query('SELECT sku FROM basket WHERE user_id = $1', dice.between(2, 9), style),
    ...repeat(style.size, (i) => fetched(`http://prices.internal/v1/prices/${4400 + i}`, dice.between(6, 25), style)),
  ],
  'a cache is asked for each': (dice, _nth, style) => [
    query('SELECT id FROM users WHERE team = $1', dice.between(2, 9), style),
    ...repeat(style.size * 3 + 12, (i) => query(`GET user:${i}`, dice.between(0.4, 1.2), { system: 'redis', isOld: style.isOld })),
  ],
  'documents one by one': (dice, _nth, style) => [
    query('{"find":"carts","filter":{"user":"u1"}}', dice.between(2, 9), { system: 'mongodb', isOld: style.isOld }),
    ...repeat(style.size, (i) =>
      query(`{"find":"products","filter":{"_id":"p${i}"}}`, dice.between(4, 10), { system: 'mongodb', isOld: style.isOld }),
    ),
  ],
  'half of the requests have an empty list': (dice, nth, style) => [
    query('SELECT * FROM alerts WHERE user_id = $1', dice.between(2, 9), style),
    ...(nth % 2 === 0 ? repeat(style.size, () => query('SELECT * FROM rules WHERE id = $1', dice.between(5, 12), style)) : []),
  ],
}

const notNPlusOne: Readonly<Record<string, Scenario>> = {
  'pages of one result': (dice, _nth, style) =>
    repeat(style.size, (i) => query(`SELECT * FROM events ORDER BY id LIMIT 500 OFFSET ${i * 500}`, dice.between(5, 20), style)),
  'pages by key': (dice, _nth, style) =>
    repeat(style.size, () => query('SELECT * FROM events WHERE id > $1 ORDER BY id LIMIT 500', dice.between(5, 20), style)),
  'a worker that polls': (dice, _nth, style) => ({
    entry: {
      name: 'worker',
      durationMs: 5,
      children: repeat(style.size + 5, () => ({
        ...query("SELECT * FROM jobs WHERE state = 'ready' LIMIT 1", dice.between(1, 4), style),
        gapMs: 900,
      })),
    },
  }),
  'a few repetitions': (dice, _nth, style) =>
    repeat(dice.whole(2, 4), () => query('SELECT * FROM settings WHERE name = $1', dice.between(5, 15), style)),
  'repetitions that cost nothing': (dice, _nth, style) =>
    repeat(dice.whole(5, 9), () => query('SELECT 1 FROM flags WHERE name = $1', dice.between(0.2, 0.9), style)),
  'rows written one by one': (dice, _nth, style) =>
    repeat(style.size, () => query('INSERT INTO audit (a, b) VALUES ($1, $2)', dice.between(3, 9), style)),
  'a fan-out over HTTP': (dice, _nth, style) =>
    repeat(style.size, (i) => ({
      ...fetched(`http://shard-${i % 3}.internal/search/${1000 + i}`, dice.between(20, 60), style),
      isBeside: true,
      gapMs: i * 0.3,
    })),
  'different queries': (dice, _nth, style) =>
    repeat(12, (i) => query(`SELECT * FROM table_${'abcdefghijkl'[i] ?? 'z'} WHERE id = $1`, dice.between(1, 4), style)),
  batches: (dice, _nth, style) => repeat(3, () => query('SELECT * FROM customers WHERE id IN ($1, $2, $3)', dice.between(4, 12), style)),
  'pages of an API': (dice, _nth, style) =>
    repeat(style.size, (i) => fetched(`https://api.example.org/items?page=${i}&per_page=100`, dice.between(20, 60), style)),
}

const slowQuery: Readonly<Record<string, Scenario>> = {
  'always slow': (dice, _nth, style) => [query('SELECT * FROM orders WHERE lower(email) = $1', style.ms + dice.between(0, 900), style)],
  'slow for some values': (dice, nth, style) => [
    query(
      "SELECT * FROM logs WHERE tenant = $1 AND body LIKE '%x%'",
      nth % 5 < 2 ? style.ms + dice.between(0, 2000) : dice.between(5, 60),
      style,
    ),
  ],
  'slow among fast ones': (dice, _nth, style) => [
    query('SELECT * FROM users WHERE id = $1', dice.between(1, 4), style),
    work('render', 12, [query('SELECT sum(total) FROM sales GROUP BY day', style.ms + dice.between(0, 400), style)]),
    query('SELECT * FROM settings', dice.between(1, 4), style),
  ],
  'a slow job': (dice, _nth, style) => ({
    entry: {
      name: 'nightly-report',
      kind: 5,
      durationMs: 5,
      children: [query('SELECT * FROM facts JOIN dims USING (id)', style.ms * 4 + dice.between(0, 900), style)],
    },
  }),
  'slow documents': (dice, _nth, style) => [
    query('{"aggregate":"visits","pipeline":[{"$match":{"day":"2026-01-01"}}]}', style.ms + dice.between(0, 900), {
      system: 'mongodb',
      isOld: style.isOld,
    }),
  ],
  'slow updates': (dice, _nth, style) => [query('UPDATE stock SET n = n - 1 WHERE sku = $1', style.ms + dice.between(0, 300), style)],
}

const notSlowQuery: Readonly<Record<string, Scenario>> = {
  'held up once': (dice, nth, style) => [query('SELECT * FROM orders WHERE id = $1', nth === 3 ? 4000 : dice.between(1, 9), style)],
  'held up twice': (dice, nth, style) => [
    query('UPDATE orders SET state = $1 WHERE id = $2', nth === 3 || nth === 9 ? 2500 : dice.between(1, 9), style),
  ],
  'almost slow': (dice, _nth, style) => [query('SELECT * FROM reports WHERE day = $1', dice.between(150, 450), style)],
  'waits for work': (_dice, _nth, { isOld }) => [query('BLPOP jobs 5', 5000, { system: 'redis', isOld })],
  'changes the schema': (dice, _nth, style) => [query('CREATE INDEX CONCURRENTLY i ON orders (email)', dice.between(3000, 90_000), style)],
  copies: (dice, _nth, style) => [query('COPY orders FROM STDIN', dice.between(800, 9000), style)],
  'waits for a lock on purpose': (dice, _nth, style) => [query('SELECT pg_advisory_lock($1)', dice.between(800, 3000), style)],
  'slow, but not the query': (dice, _nth, style) => [
    query('SELECT 1', dice.between(0.5, 2), style),
    work('resize image', dice.between(900, 3000)),
  ],
  'a slow service': (dice, _nth, style) => [fetched('http://slow.internal/thing', dice.between(900, 3000), style)],
}

const sequentialCalls: Readonly<Record<string, Scenario>> = {
  'three reads of a page': (dice, _nth, style) => [
    query('SELECT * FROM banners WHERE place = $1', dice.between(50, 120), style),
    query('SELECT * FROM categories WHERE shop = $1', dice.between(60, 160), style),
    query('SELECT * FROM offers WHERE day = $1', dice.between(60, 160), style),
  ],
  'services asked in turn': (dice, nth, style) => ({
    entry: served('/users/:id', `/users/${9000 + nth}`, [
      fetched(`http://profile.internal/users/${9000 + nth}`, dice.between(60, 140), style),
      fetched(`http://orders.internal/by-user/${9000 + nth}`, dice.between(80, 180), style),
      fetched(`http://points.internal/users/${9000 + nth}/balance`, dice.between(60, 140), style),
    ]),
  }),
  'with short work between': (dice, _nth, style) => [
    query('SELECT * FROM weather WHERE city = $1', dice.between(80, 150), style),
    work('parse', 1.2),
    fetched('http://traffic.internal/city/berlin', dice.between(90, 200), style),
    work('parse', 0.8),
    query('SELECT * FROM events_in_city WHERE city = $1', dice.between(80, 150), style),
  ],
  'the user and what is theirs': (dice, _nth, style) => [
    query('SELECT name, plan FROM users WHERE id = $1', dice.between(60, 140), style),
    query('SELECT * FROM orders WHERE user_id = $1', dice.between(80, 180), style),
    query('SELECT * FROM invoices WHERE user_id = $1', dice.between(60, 140), style),
  ],
  'two long ones': (dice, _nth, style) => [
    fetched('http://stock.internal/summary', dice.between(200, 400), style),
    fetched('http://reviews.internal/latest', dice.between(200, 400), style),
  ],
  'below a handler': (dice, _nth, style) => [
    work('handler', 2, [
      query('SELECT * FROM kpi_sales', dice.between(80, 220), style),
      query('SELECT * FROM kpi_visits', dice.between(80, 220), style),
      query('SELECT * FROM kpi_stock', dice.between(80, 220), style),
      query('SELECT * FROM kpi_returns', dice.between(80, 220), style),
    ]),
  ],
}

const notSequentialCalls: Readonly<Record<string, Scenario>> = {
  'in a transaction': (dice, _nth, style) => [
    query('BEGIN', 0.4, style),
    query('SELECT * FROM accounts WHERE id = $1', dice.between(60, 150), style),
    query('SELECT * FROM limits WHERE class = $1', dice.between(60, 150), style),
    query('COMMIT', 0.9, style),
  ],
  'writes in order': (dice, _nth, style) => [
    query('INSERT INTO orders (a) VALUES ($1)', dice.between(60, 150), style),
    query('UPDATE stock SET n = n - 1', dice.between(60, 150), style),
    fetched('http://mail.internal/send', dice.between(60, 150), { ...style, method: 'POST' }),
  ],
  'signs in first': (dice, _nth, style) => [
    fetched('https://login.example.org/oauth/token', dice.between(90, 200), style),
    fetched('https://api.example.org/things', dice.between(90, 200), style),
  ],
  'the second needs the first': (dice, nth, style) => [
    fetched('http://users.internal/me', dice.between(90, 200), style),
    fetched(`http://orders.internal/by-user/${77_000 + nth * 13}`, dice.between(90, 200), style),
  ],
  'rows of what was found': (dice, _nth, style) => [
    query('SELECT * FROM posts WHERE blog = $1 LIMIT 20', dice.between(80, 160), style),
    query('SELECT * FROM comments WHERE post_id IN ($1, $2, $3)', dice.between(80, 160), style),
  ],
  'a lookup by name first': (dice, _nth, style) => [
    query('SELECT id FROM users WHERE email = $1', dice.between(80, 160), style),
    query('SELECT * FROM orders WHERE user_id = $1', dice.between(80, 160), style),
  ],
  'asks by what was asked for': (dice, _nth, style) => [
    query('SELECT region, plan FROM teams WHERE name = $1', dice.between(80, 160), style),
    query('SELECT * FROM prices WHERE region = $1', dice.between(80, 160), style),
  ],
  'side by side already': (dice, _nth, style) => [
    { ...fetched('http://stock.internal/summary', dice.between(200, 400), style), isBeside: true, gapMs: 1 },
    { ...fetched('http://reviews.internal/latest', dice.between(200, 400), style), isBeside: true, gapMs: 1.2 },
    { ...query('SELECT * FROM offers', dice.between(200, 400), style), isBeside: true, gapMs: 1.5 },
  ],
  'work between': (dice, _nth, style) => [
    query('SELECT * FROM images WHERE id = $1', dice.between(80, 160), style),
    work('decode', dice.between(50, 140)),
    query('SELECT * FROM palettes WHERE kind = $1', dice.between(80, 160), style),
  ],
  'nothing to gain': (dice, _nth, style) => [
    query('SELECT * FROM a WHERE id = $1', dice.between(1, 12), style),
    query('SELECT * FROM b WHERE id = $1', dice.between(1, 12), style),
    query('SELECT * FROM c WHERE id = $1', dice.between(1, 12), style),
  ],
  'only with a cold cache': (dice, nth, style) =>
    nth % 5 === 0
      ? [query('SELECT * FROM banners', dice.between(80, 160), style), query('SELECT * FROM categories', dice.between(80, 160), style)]
      : [query('SELECT version FROM cache_state', dice.between(1, 3), style)],
  'locks rows': (dice, _nth, style) => [
    query('SELECT * FROM wallets WHERE id = $1 FOR UPDATE', dice.between(80, 160), style),
    query('SELECT * FROM rates WHERE day = $1', dice.between(80, 160), style),
  ],
}

const size = (bytes: number, type: string, path: string): { readonly entry: SpanDraft } => ({
  entry: served(path, path, [], {
    'http.response.body.size': `${Math.round(bytes)}`,
    ...(type === '' ? {} : { 'http.response.header.content-type': type }),
  }),
})
const mib = 1024 * 1024

const largePayload: Readonly<Record<string, Scenario>> = {
  'a list without end': (dice) => size(dice.between(1.5, 20) * mib, 'application/json', '/api/orders'),
  'type not said': (dice) => size(dice.between(2, 9) * mib, '', '/api/catalog'),
  'a large page': (dice) => size(dice.between(1.2, 3) * mib, 'text/html', '/search'),
  'sometimes large': (dice, nth) => size(nth % 2 === 0 ? dice.between(2, 9) * mib : 4000, 'application/json', '/api/tree'),
  'a large question': (dice) => ({
    entry: served('/api/bulk', '/api/bulk', [], { 'http.request.body.size': `${Math.round(dice.between(3, 30) * mib)}` }),
  }),
  'large messages': (dice) => ({
    entry: {
      name: 'orders process',
      kind: 5,
      durationMs: 20,
      attributes: { 'messaging.message.body.size': `${Math.round(dice.between(1.5, 8) * mib)}` },
    },
  }),
}

const notLargePayload: Readonly<Record<string, Scenario>> = {
  'an image': (dice) => size(dice.between(1.5, 20) * mib, 'image/png', '/pictures/big'),
  'a script': (dice) => size(dice.between(1.5, 4) * mib, '', '/assets/app.js'),
  'a download': (dice) => size(dice.between(5, 90) * mib, 'application/octet-stream', '/releases/latest'),
  'an export': (dice) => size(dice.between(5, 90) * mib, '', '/api/export/orders'),
  once: (dice, nth) => size(nth === 4 ? 9 * mib : dice.between(1000, 90_000), 'application/json', '/api/orders'),
  almost: (dice) => size(dice.between(0.3, 0.95) * mib, 'application/json', '/api/orders'),
  'part of a film': (dice) => ({
    entry: served('/watch/:id', '/watch/7', [], {
      'http.response.body.size': `${Math.round(dice.between(2, 9) * mib)}`,
      'http.response.status_code': '206',
    }),
  }),
}

const labelled: readonly (readonly [FindingKind | null, Readonly<Record<string, Scenario>>])[] = [
  ['n_plus_one', nPlusOne],
  [null, notNPlusOne],
  ['slow_query', slowQuery],
  [null, notSlowQuery],
  ['sequential_calls', sequentialCalls],
  [null, notSequentialCalls],
  ['large_payload', largePayload],
  [null, notLargePayload],
]

/** Each scenario `rounds` times. */
export function labelledTraces(rounds: number): LabelledTraces[] {
  const out: LabelledTraces[] = []
  let seed = 1
  for (const [label, scenarios] of labelled) {
    for (const [scenario, make] of Object.entries(scenarios)) {
      for (let round = 0; round < rounds; round++) out.push({ scenario, label, traces: drawn(make, seed++) })
    }
  }
  return out
}

function drawn(make: Scenario, seed: number): SampledTrace[] {
  const dice = new Dice(seed)
  const style: Style = { isOld: dice.chance(0.5), isWrapped: dice.chance(0.4), size: dice.whole(6, 30), ms: dice.between(520, 2500) }
  const route = dice.pick(['/orders', '/api/v1/home', '/teams/:id', '/'])
  return Array.from({ length: dice.whole(14, 24) }, (_, nth) => {
    const made = make(dice, nth, style)
    const noise = work('middleware', dice.between(0.1, 2))
    const entry = 'entry' in made ? made.entry : served(route, route, [noise, ...made, work('serialize', dice.between(0.1, 3))])
    return madeTrace({ service: 'shop', entry, startMs: 1_790_000_000_000 + nth * 10_000 }, dice)
  })
}
