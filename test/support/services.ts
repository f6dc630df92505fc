/**
 * The outside programs that tests use. `npm test` finds or installs them and hands their paths on in the environment; a test run
 * by hand finds them on the PATH. A missing one fails under CI=true and skips visibly elsewhere.
 */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function find(variable: string, commands: readonly string[]): string | null {
  const given = process.env[variable]
  if (given !== undefined && given !== '') return given
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.flatMap((folder) => commands.map((command) => join(folder, command))).find(isExecutable) ?? null
}

export const chromiumPath: string | null = find('BELLWETHER_TEST_CHROMIUM', ['chromium', 'chromium-browser', 'google-chrome'])
export const prometheusPath: string | null = find('BELLWETHER_TEST_PROMETHEUS', ['prometheus'])
export const promtoolPath: string | null = find('BELLWETHER_TEST_PROMTOOL', ['promtool'])
export const redisPath: string | null = find('BELLWETHER_TEST_REDIS', ['redis-server', 'valkey-server'])
export const nodeExporterPath: string | null = find('BELLWETHER_TEST_NODE_EXPORTER', ['prometheus-node-exporter', 'node_exporter'])
export const opensslPath: string | null = find('BELLWETHER_TEST_OPENSSL', ['openssl'])

/** For `describe.skipIf`: true where the service is missing and that may be. Under CI=true a missing service is an error here. */
export function mayBeMissing(service: string, path: string | null): boolean {
  if (path === null && process.env['CI'] === 'true') throw new Error(`${service} is missing, and CI=true: it must be there`)
  return path === null
}
