/**
 * Brings what the tests need and npm cannot: a Chromium, a Prometheus (with promtool), a Redis server and Prometheus' node exporter.
 * An address in the environment wins, then what is on the PATH, then the system's package manager (root on Debian).
 * What is still missing is an error when CI=true and a visible skip elsewhere.
 * Run as a script it only installs what is missing, which needs nothing of npm's and can be done meanwhile.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** `variable` holds a path; the tests read the same variable, so whatever was found is handed on through it. */
const services = [
  {
    name: 'Chromium',
    variable: 'BELLWETHER_TEST_CHROMIUM',
    commands: ['chromium', 'chromium-browser', 'google-chrome'],
    debian: 'chromium',
  },
  { name: 'Prometheus', variable: 'BELLWETHER_TEST_PROMETHEUS', commands: ['prometheus'], debian: 'prometheus' },
  { name: 'promtool', variable: 'BELLWETHER_TEST_PROMTOOL', commands: ['promtool'], debian: 'prometheus' },
  { name: 'Redis', variable: 'BELLWETHER_TEST_REDIS', commands: ['redis-server', 'valkey-server'], debian: 'redis-server' },
  {
    name: 'node exporter',
    variable: 'BELLWETHER_TEST_NODE_EXPORTER',
    commands: ['prometheus-node-exporter', 'node_exporter'],
    debian: 'prometheus-node-exporter',
  },
]

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function onPath(command) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, command)).find(isExecutable) ?? null
}

function find(service) {
  const given = process.env[service.variable]
  if (given !== undefined && given !== '') return given
  return service.commands.map(onPath).find((path) => path !== null) ?? null
}

function mayInstall() {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && onPath('apt-get') !== null
}

function installDebianPackages(packages) {
  console.log(`Installing for the tests: ${packages.join(', ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const options = { env, stdio: ['ignore', 'ignore', 'inherit'] }
  spawnSync('apt-get', ['update', '-qq'], options)
  const result = spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options)
  if (result.status !== 0) console.error('apt-get could not install them.')
}

function installMissing() {
  const missing = services.filter((service) => find(service) === null)
  if (missing.length > 0 && mayInstall()) installDebianPackages([...new Set(missing.map((service) => service.debian))])
}

/**
 * Environment for the test run, or null (after naming what is missing) when a service is missing and `required`.
 * A path that was given and does not run is always an error: it is a mistake, not an absence.
 */
export function testEnvironment(required) {
  installMissing()
  const env = { ...process.env }
  const problems = []
  for (const service of services) {
    const path = find(service)
    if (path === null) {
      const text = `${service.name} is missing: install it or set ${service.variable} to its path.`
      if (required) problems.push(text)
      else console.warn(`SKIPPING the tests that need ${service.name}. ${text}`)
    } else if (!isExecutable(path)) problems.push(`${service.variable}=${path} cannot be run.`)
    else env[service.variable] = path
  }
  for (const problem of problems) console.error(problem)
  return problems.length > 0 ? null : env
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) installMissing()
