import { expect, test } from 'vitest'
import { readBundle, resolvedReference } from './artifact-bundle.ts'
import { bundleOf, sourceOf, zipOf } from './testing/made-bundle.ts'

const id = 'fd0fa740-597b-5402-91b9-d294cad139c6'

async function mapsOf(bundle: Buffer): Promise<[name: string, debugId: string | null, path: string][]> {
  return (await readBundle(sourceOf(bundle))).map(({ name, debugId, entry }) => [name, debugId, entry.name])
}

test('a map is that of the file that names it, by the debug id of either', async () => {
  const bundle = bundleOf([
    { path: 'assets/app.js', type: 'minified_source', headers: { 'debug-id': id, sourcemap: 'maps/app-1.map' }, content: 'a' },
    { path: 'assets/maps/app-1.map', type: 'source_map', content: '{}' },
    { path: 'b.js', type: 'minified_source', headers: { Sourcemap: 'b.js.map' }, content: 'b' },
    { path: 'b.js.map', type: 'source_map', headers: { 'Debug-Id': id }, content: '{}' },
  ])
  expect(await mapsOf(bundle)).toEqual([
    ['~/assets/app.js', id, 'files/_/_/assets/maps/app-1.map'],
    ['~/b.js', id, 'files/_/_/b.js.map'],
  ])
})

test('without a name the debug id joins them; a map that nothing names is of the file it is called after', async () => {
  const bundle = bundleOf([
    { path: 'a.js', type: 'minified_source', headers: { 'debug-id': id }, content: 'a' },
    { path: 'elsewhere.map', type: 'source_map', headers: { 'debug-id': id }, content: '{}' },
    { path: 'alone.js.map', type: 'source_map', content: '{}' },
    { path: 'plain.js', type: 'minified_source', content: '' },
  ])
  expect(await mapsOf(bundle)).toEqual([
    ['~/a.js', id, 'files/_/_/elsewhere.map'],
    ['~/alone.js', null, 'files/_/_/alone.js.map'],
  ])
})

test.each<[string, string, string]>([
  ['~/assets/app.js', 'app.js.map', '~/assets/app.js.map'],
  ['~/assets/app.js', '../maps/app.js.map?v=1', '~/maps/app.js.map'],
  ['~/a b/[id].js', '[id].js.map', '~/a b/[id].js.map'],
  ['https://cdn.example/app.js', 'app.js.map', 'https://cdn.example/app.js.map'],
  ['~/app.js', 'https://cdn.example/app.js.map', 'https://cdn.example/app.js.map'],
  ['~/app.js', 'data:application/json;base64,e30=', ''],
  ['~/app.js', '', ''],
])('%s names %s: %s', (url, reference, wanted) => {
  expect(resolvedReference(url, reference)).toBe(wanted)
})

test.each<[string, Buffer, string]>([
  ['no manifest', zipOf([{ name: 'a', content: '' }]), 'no manifest.json'],
  ['no JSON', zipOf([{ name: 'manifest.json', content: '{' }]), 'not valid JSON with files'],
  ['no files', zipOf([{ name: 'manifest.json', content: '{"files":[]}' }]), 'not valid JSON with files'],
])('%s: it is said', async (_, bundle, message) => {
  await expect(readBundle(sourceOf(bundle))).rejects.toThrow(message)
})

test('a file that the manifest has and the archive has not is no map', async () => {
  const manifest = { files: { 'files/a.map': { type: 'source_map', url: '~/a.js.map' }, 'files/b.map': null } }
  expect(await mapsOf(zipOf([{ name: 'manifest.json', content: JSON.stringify(manifest) }]))).toEqual([])
})
