/** Rules of the house that no compiler knows, each a test over the whole tree. A failure lists the places to change. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'
import { linesMatching, projectFiles, read, root, sourceFiles, textFiles } from './tree.ts'

/** This file names what it forbids. */
const self = 'test/tidy/tidy.test.ts'
const others = (files: string[]): string[] => files.filter((path) => path !== self)

interface Manifest {
  readonly engines?: { readonly node?: string }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

function manifests(): [path: string, manifest: Manifest][] {
  return projectFiles()
    .filter((path) => basename(path) === 'package.json')
    .map((path) => [path, JSON.parse(read(path)) as Manifest])
}

test('the tree is seen', () => {
  expect(sourceFiles().length).toBeGreaterThan(50)
})

test('every note of work to do names its owner', () => {
  expect(others(textFiles()).flatMap((path) => linesMatching(path, /\b(TODO|FIXME|XXX)\b(?!\([a-z])/))).toEqual([])
})

test('no test is switched off or runs alone, and no module is mocked', () => {
  const tests = others(sourceFiles()).filter((path) => /\.test\.tsx?$/.test(path))
  expect(tests.flatMap((path) => linesMatching(path, /\b(test|it|describe)\.(skip|only|todo|fails)\b|\bvi\.(do)?[mM]ock\(/))).toEqual([])
})

test('a file of the program says at its top what it owns', () => {
  const programs = sourceFiles().filter((path) => /^(apps|packages)\/[^/]+\/src\//.test(path) && !/\.test\.tsx?$/.test(path))
  expect(programs.filter((path) => !/^(#![^\n]*\n)?\/[*/]/.test(read(path)))).toEqual([])
})

test('every part of the server has an index with a header', () => {
  const src = join(root, 'apps/server/src')
  const folders = readdirSync(src).filter((name) => statSync(join(src, name)).isDirectory() && readdirSync(join(src, name)).length > 0)
  const faceless = new Set(['kernel', 'compose', 'cli'])
  const wrong = folders.filter((name) => !faceless.has(name) && !readIfThere(`apps/server/src/${name}/index.ts`).startsWith('/**'))
  expect(wrong).toEqual([])
})

function readIfThere(path: string): string {
  return existsSync(join(root, path)) ? read(path) : ''
}

test('files are named after what they hold, in kebab-case', () => {
  const vague = /(^|\/)(utils?|helpers?|common|misc)(\/|\.)/
  const named = sourceFiles().filter((path) => /\/src\/|^test\/|^scripts\/|^bench\//.test(path))
  expect(named.filter((path) => vague.test(path))).toEqual([])
  const kebab = /^[a-z0-9_$-]+(\.[a-z0-9-]+)*\.(ts|mjs|tsx)$/
  const component = /^[A-Z][A-Za-z0-9]*(\.test)?\.tsx$/
  expect(named.filter((path) => !kebab.test(basename(path)) && !component.test(basename(path)))).toEqual([])
})

test('links between documents lead somewhere', () => {
  const dead: string[] = []
  for (const path of projectFiles().filter((file) => file.endsWith('.md'))) {
    for (const [, target = ''] of read(path).matchAll(/\]\(([^)\s]+)\)/g)) {
      const file = target.split('#')[0] ?? ''
      if (/^[a-z]+:/.test(target) || file === '') continue
      if (!existsSync(join(root, normalize(join(dirname(path), file))))) dead.push(`${path}: ${target}`)
    }
  }
  expect(dead).toEqual([])
})

test('no path of some machine and no package registry is written down', () => {
  const machinePath = /(^|[\s"'`(=:])\/(work|root|home\/[a-z]+|Users\/[A-Za-z]+)\//
  const registry = /registry\.(npmjs|yarnpkg)\.(org|com)|npm\.pkg\.github\.com/
  const files = others(textFiles()).filter((path) => path !== 'LICENSE')
  expect(files.flatMap((path) => linesMatching(path, machinePath))).toEqual([])
  expect(files.flatMap((path) => linesMatching(path, registry))).toEqual([])
})

test('the lock file holds no download addresses', () => {
  expect(linesMatching('package-lock.json', /"resolved": "(https?|git)/)).toEqual([])
  expect(read('.npmrc')).toContain('omit-lockfile-registry-resolved=true')
})

test('the lock file names the packages of every platform, so that npm ci takes it everywhere', () => {
  const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { optionalDependencies?: Record<string, string> }> }
  const names = new Set(Object.keys(lock.packages).map((key) => key.slice(key.lastIndexOf('node_modules/') + 'node_modules/'.length)))
  const wanted = Object.values(lock.packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
  expect(
    wanted.filter((name) => !names.has(name)),
    'run: node scripts/complete-lock.mjs',
  ).toEqual([])
})

test('dependencies are exact versions, and each has its reason in docs/dependencies.md', () => {
  const reasons = read('docs/dependencies.md')
  const problems: string[] = []
  for (const [path, manifest] of manifests()) {
    for (const [name, version] of Object.entries({
      ...manifest.dependencies,
      ...manifest.devDependencies,
      ...manifest.optionalDependencies,
    })) {
      if (!/^\d/.test(version) && !name.startsWith('@bellwether/')) problems.push(`${path}: ${name} ${version}`)
      if (!reasons.includes(`\`${name}\``) && !name.startsWith('@bellwether/')) problems.push(`${name} has no line in docs/dependencies.md`)
    }
  }
  expect(problems).toEqual([])
})

test('no reason is left for a dependency that is gone', () => {
  const used = new Set(
    manifests().flatMap(([, manifest]) =>
      Object.keys({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies }),
    ),
  )
  const listed = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)`/gm)].map(([, name = '']) => name)
  expect(listed.length).toBeGreaterThan(20)
  expect(listed.filter((name) => !used.has(name))).toEqual([])
})

test('the Node floor is one number', () => {
  const floor = /nodeFloor = \[(\d+), (\d+)\]/.exec(read('apps/server/bin/node-floor.mjs'))
  const wanted = `>=${floor?.[1]}.${floor?.[2]}`
  const stated = manifests().flatMap(([, manifest]) => (manifest.engines?.node === undefined ? [] : [manifest.engines.node]))
  expect(new Set(stated)).toEqual(new Set([wanted]))
  expect(read('README.md')).toContain(`Node ${floor?.[1]}.${floor?.[2]}`)
})

test('every decision record is in the index', () => {
  const index = read('docs/adr/README.md')
  const records = projectFiles().filter((path) => /^docs\/adr\/\d{4}-.*\.md$/.test(path))
  expect(records.length).toBeGreaterThan(5)
  expect(records.filter((path) => !index.includes(`(${basename(path)})`))).toEqual([])
})
