/** What is closed in order leaves no timer: one of a deadline that was not needed kept the program alive for seconds after every stop. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { setup } from '../../support/global-setup.ts'
import { engineFolder } from './engine-folder.ts'

const script = fileURLToPath(new URL('./open-and-close.mjs', import.meta.url))
const build = new URL('../../../apps/server/dist/', import.meta.url).href

/** The programs run from the build, as they do for whoever installs them. */
beforeAll(setup)

test('neither the door, nor the pool, nor the process of an engine leaves a timer once closed', async () => {
  using folder = engineFolder()
  const { stdout } = await promisify(execFile)(process.execPath, [script, build, folder.path])
  const { said, left } = JSON.parse(stdout)
  expect(said).toBe('answered')
  expect(left).not.toContain('Timeout')
})
