/** One engine for the tests of a file: started before the first, emptied after each, ended after the last. */
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { openEngine, wipe, type EngineHome } from './metrics-stack.ts'

export interface FileEngine extends Pick<EngineHome, 'dataDir' | 'engine'> {
  /** A folder for a log of its own. */
  freshLog(): string
}

/** Call once, at the top of a test file. */
export function fileEngine(): FileEngine {
  let home: EngineHome
  let logs = 0
  beforeAll(async () => {
    home = await openEngine()
  })
  afterEach(async () => {
    await wipe(home.engine)
  })
  afterAll(async () => {
    await home[Symbol.asyncDispose]()
  })
  return {
    get dataDir() {
      return home.dataDir
    },
    get engine() {
      return home.engine
    },
    freshLog: () => join(home.dataDir, `log-${logs++}`),
  }
}
