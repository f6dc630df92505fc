/**
 * Completes package-lock.json after `npm install`. npm leaves out packages for other platforms that its registry does not offer, and
 * a later `npm ci` then refuses the lock file as incomplete. This writes the missing entries from the versions their parents ask for;
 * an installation on such a platform fetches them, all others skip them. Run it after every change of dependencies.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const path = join(dirname(dirname(fileURLToPath(import.meta.url))), 'package-lock.json')
const lock = JSON.parse(readFileSync(path, 'utf8'))
const platformName = /(?:^|[/-])(android|darwin|freebsd|linux|openharmony|win32)-([a-z0-9]+)(?:-([a-z]+))?$/

function entryFor(name, version, parent) {
  const [, os, cpu, abi = ''] = platformName.exec(name) ?? []
  if (os === undefined) throw new Error(`${name} is missing from the lock file and does not say which platform it is for`)
  return {
    version,
    cpu: [cpu],
    ...(parent.dev === true ? { dev: true } : {}),
    ...(os === 'linux' ? { libc: [abi.startsWith('musl') ? 'musl' : 'glibc'] } : {}),
    ...(parent.license === undefined ? {} : { license: parent.license }),
    optional: true,
    os: [os],
  }
}

const known = Object.keys(lock.packages)
const added = {}
for (const parent of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    if (!known.some((key) => key.endsWith(`node_modules/${name}`))) added[`node_modules/${name}`] = entryFor(name, version, parent)
  }
}
const all = Object.entries({ ...lock.packages, ...added })
lock.packages = Object.fromEntries(all.toSorted(([a], [b]) => a.localeCompare(b, 'en')))
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${Object.keys(added).length} packages for other platforms added to package-lock.json`)
