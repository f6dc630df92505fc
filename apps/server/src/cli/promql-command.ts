/** `bellwether promql`: runs files in the Prometheus test language, or one query against a running Bellwether. */
import { readFile } from 'node:fs/promises'

import { openPromqlStorage, type PromqlStorageMode } from '../compose/promql-storage.ts'
import { createLogger } from '../kernel/log.ts'
import { createMemoryStorage, runPromqlTestFile, type TestStorage } from '../promql/index.ts'
import { exitFailed, exitGood, exitWrongUse, type Command, type CommandContext } from './command.ts'
import { localUrl } from './config-command.ts'

/** Failures shown of one file; the count covers all. */
const failuresShownMax = 20

const storages = ['memory', 'engine', 'evaluator'] as const

export const promqlCommand: Command = {
  usage: 'test FILE... | query QUERY [--url URL] [--token TOKEN] [--project ID] [--time TIME]',
  options: {
    storage: { type: 'string' },
    url: { type: 'string' },
    token: { type: 'string' },
    project: { type: 'string' },
    time: { type: 'string' },
  },
  optionHelp: [
    ['--storage KIND', "test: where samples are read: 'memory' (default: the store, newest in memory),"],
    ['', "'engine' (the store, all from ClickHouse) or 'evaluator' (no store; quick)"],
    ['--url URL', 'query: where Bellwether listens (default: this machine, at the port of the settings)'],
    ['--token TOKEN', 'query: an API token (Settings, API tokens); needed'],
    ['--project ID', 'query: the project (default: 1)'],
    ['--time TIME', 'query: RFC 3339 or seconds since 1970 (default: now)'],
  ],
  async run(context) {
    const [action, ...rest] = context.positionals
    if (action === 'test' && rest.length > 0) return await test(context, rest)
    if (action === 'query' && rest.length === 1) return await query(context, rest[0] ?? '')
    context.complain("bellwether promql: say 'test FILE...' or 'query QUERY'; see --help")
    return exitWrongUse
  },
}

async function test(context: CommandContext, files: readonly string[]): Promise<number> {
  const kind = storages.find((known) => known === (context.options['storage'] ?? 'memory'))
  if (kind === undefined) {
    context.complain(`bellwether promql: --storage takes ${storages.join(', ')}`)
    return exitWrongUse
  }
  await using storage = await openStorage(kind)
  let passed = 0
  let failed = 0
  for (const file of files) {
    const report = await runFile(context, file, storage.storage)
    passed += report.passed
    failed += report.failed
  }
  context.print(`${passed} passed, ${failed} failed`)
  return failed === 0 ? exitGood : exitFailed
}

async function openStorage(kind: (typeof storages)[number]): Promise<{ storage: TestStorage } & AsyncDisposable> {
  if (kind === 'evaluator') return { storage: createMemoryStorage(), async [Symbol.asyncDispose]() {} }
  const mode: PromqlStorageMode = kind
  const storage = await openPromqlStorage(mode, createLogger('error'))
  return { storage, [Symbol.asyncDispose]: () => storage[Symbol.asyncDispose]() }
}

async function runFile(context: CommandContext, file: string, storage: TestStorage): Promise<{ passed: number; failed: number }> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    context.complain(`${file}: ${error instanceof Error ? error.message : String(error)}`)
    return { passed: 0, failed: 1 }
  }
  await storage.clear()
  const report = await runPromqlTestFile(text, storage)
  for (const { line, query: expression, message } of report.failures.slice(0, failuresShownMax))
    context.complain(`${file}:${line}: ${expression}\n    ${message}`)
  if (report.failures.length > failuresShownMax) context.complain(`${file}: ${report.failures.length - failuresShownMax} more failures`)
  return report
}

async function query(context: CommandContext, expression: string): Promise<number> {
  const { url, token, project, time } = context.options
  const base = typeof url === 'string' ? url.replace(/\/+$/, '') : localUrl(context)
  if (base === null) return exitFailed
  const address = new URL(`${base}/api/0/projects/${typeof project === 'string' ? project : '1'}/prometheus/api/v1/query`)
  address.searchParams.set('query', expression)
  if (typeof time === 'string') address.searchParams.set('time', time)
  const response = await fetch(address, typeof token === 'string' ? { headers: { authorization: `Bearer ${token}` } } : {})
  const body: unknown = await response.json()
  if (!response.ok) {
    context.complain(`bellwether promql: ${response.status} ${JSON.stringify(body)}`)
    return exitFailed
  }
  context.print(JSON.stringify(body, null, 2))
  return exitGood
}
