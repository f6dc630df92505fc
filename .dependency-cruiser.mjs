/**
 * The edges of ARCHITECTURE.md as rules: kernel ← config, engines ← domains ← protocols, api ← compose ← main.
 * Every rule here must have a file in test/boundaries/fixtures/ that breaks it; `npm run lint:boundaries` fails otherwise.
 */
const src = '^apps/server/src'

/** Which other domains a domain may see. Adding a pair is a design decision: change ARCHITECTURE.md with it. */
const domainEdges = {
  naming: [],
  limiters: ['naming'],
  indexer: ['naming', 'limiters'],
  realtime: [],
  accounts: [],
  ingest: ['accounts'],
  metrics: ['ingest', 'naming', 'indexer', 'limiters'],
  cardinality: ['metrics', 'ingest', 'naming', 'limiters', 'accounts'],
  retention: ['metrics', 'accounts'],
  promql: ['metrics'],
  query: ['promql', 'metrics', 'accounts', 'naming'],
  signals: ['ingest'],
  search: ['metrics'],
  scrubbing: ['signals', 'metrics', 'accounts'],
  logs: ['signals', 'search', 'ingest', 'accounts'],
  traces: ['signals', 'search', 'ingest', 'accounts'],
  problems: ['signals', 'logs', 'traces', 'search', 'ingest', 'accounts'],
  performance: ['signals', 'traces', 'logs', 'metrics', 'query', 'accounts'],
}

/** What every domain stands on. Only the domains with tables of their own may see the engines. */
const foundation = ['kernel', 'config']
const domainsOnEngines = new Set([
  'accounts',
  'ingest',
  'metrics',
  'limiters',
  'indexer',
  'realtime',
  'cardinality',
  'retention',
  'signals',
  'scrubbing',
  'logs',
  'traces',
  'problems',
  'performance',
])

/** Tests may reach anywhere: they put parts together. */
const testFiles = '\\.test\\.tsx?$|/testing/'

function mayOnlyImport(folder, allowed, comment) {
  return {
    name: `edges-${folder}`,
    comment,
    severity: 'error',
    from: { path: `${src}/${folder}/`, pathNot: testFiles },
    to: { path: `${src}/`, pathNot: `${src}/(${[folder, ...allowed].join('|')})/` },
  }
}

const domainRules = Object.entries(domainEdges).map(([domain, others]) =>
  mayOnlyImport(
    domain,
    [...foundation, ...(domainsOnEngines.has(domain) ? ['engines'] : []), ...others],
    `${domain} may import ${others.join(', ') || 'no other domain'}; see "Edges" in ARCHITECTURE.md.`,
  ),
)

const domains = Object.keys(domainEdges).join('|')

export default {
  forbidden: [
    mayOnlyImport('kernel', [], 'kernel imports nothing of ours.'),
    mayOnlyImport('config', ['kernel'], 'config stands on kernel alone.'),
    mayOnlyImport('engines', ['kernel'], 'engines know no domain and no settings; they are given what they need.'),
    ...domainRules,
    mayOnlyImport(
      'protocols',
      ['kernel', 'config', 'accounts', 'ingest', 'metrics', 'naming', 'realtime', 'signals', 'logs', 'traces', 'problems'],
      'A protocol turns bytes into columns; it does not query.',
    ),
    mayOnlyImport(
      'scrape',
      ['kernel', 'config', 'accounts', 'ingest', 'metrics', 'naming', 'protocols'],
      'Scraping fetches what others send; it uses the same doors.',
    ),
    mayOnlyImport('demo', ['kernel'], 'The demo is an outside client: public protocols only.'),
    {
      name: 'api-is-the-edge',
      comment: 'api maps, parses and answers; it is above the domains and knows no engine.',
      severity: 'error',
      from: { path: `${src}/api/`, pathNot: testFiles },
      to: { path: `${src}/(engines|protocols|compose|cli|demo)/|${src}/main\\.ts` },
    },
    {
      name: 'through-the-index',
      comment: 'A domain is seen through its index.ts only.',
      severity: 'error',
      from: { path: `${src}/([^/]+)/`, pathNot: `${testFiles}|${src}/compose/` },
      to: { path: `${src}/(${domains}|engines)/`, pathNot: `${src}/($1/|[^/]+/index\\.ts$)` },
    },
    {
      name: 'only-main-composes',
      comment: 'compose/ puts the program together; nothing but main and the commands may reach it.',
      severity: 'error',
      from: { path: `${src}/`, pathNot: `${testFiles}|${src}/(compose|cli)/|${src}/main\\.ts` },
      to: { path: `${src}/(compose/|main\\.ts)` },
    },
    {
      name: 'drivers-in-their-place',
      comment: 'Domains speak of rows and columns; the columnar driver belongs to engines/, HTTP to api/, protocols/ and compose/.',
      severity: 'error',
      from: { path: `${src}/(kernel|config|metrics|promql|query|ingest)/`, pathNot: testFiles },
      to: { path: 'node_modules/(@clickhouse/client|fastify|@fastify|@grpc|pg|kysely|better-auth)/' },
    },
    {
      name: 'web-and-server-apart',
      comment: 'What both need is in packages/protocol.',
      severity: 'error',
      from: { path: '^(apps/web|packages)/' },
      to: { path: '^apps/server/' },
    },
    {
      name: 'server-without-web',
      comment: 'The server serves the built files of the web application and imports none of its sources.',
      severity: 'error',
      from: { path: '^(apps/server|packages)/' },
      to: { path: '^apps/web/' },
    },
    {
      name: 'features-through-the-index',
      comment: 'A feature of the web application is seen by others through its index.ts only, so that its folder can be deleted whole.',
      severity: 'error',
      from: { path: '^apps/web/src/features/([^/]+)/' },
      to: { path: '^apps/web/src/features/', pathNot: '^apps/web/src/features/($1/|[^/]+/index\\.tsx?$)' },
    },
    {
      name: 'web-layers',
      comment: 'ui, charts and lib carry the features and know none of them.',
      severity: 'error',
      from: { path: '^apps/web/src/(ui|charts|lib|theme)/', pathNot: testFiles },
      to: { path: '^apps/web/src/(features|routes)/' },
    },
    {
      name: 'no-tests-in-programs',
      comment: 'What runs must not depend on what tests it.',
      severity: 'error',
      from: { path: '^(apps|packages)/', pathNot: testFiles },
      to: { path: `${testFiles}|^test/` },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file or miss a third.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'everything-resolves',
      comment: 'An import that resolves to nothing is invisible to every other rule.',
      severity: 'error',
      from: { pathNot: testFiles },
      to: { couldNotResolve: true, pathNot: '\\.css$|^virtual:|\\?' },
    },
  ],
}
