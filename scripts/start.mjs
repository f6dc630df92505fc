/**
 * `npm start`: builds what is stale, then becomes `bellwether serve`.
 * The program runs in this very process, so signals, exit code and memory are its own and no wrapper stands in between.
 */
import { requireNode } from '../apps/server/bin/node-floor.mjs'

requireNode()

import('./build.mjs')
  .then(function (builder) {
    return builder.build({ quiet: true })
  })
  .then(function (built) {
    if (!built) process.exit(1)
    process.argv = [process.argv[0], process.argv[1], 'serve'].concat(process.argv.slice(2))
    return import('../apps/server/bin/bellwether.mjs')
  })
  .catch(function (error) {
    console.error(error)
    process.exit(1)
  })
