#!/usr/bin/env node
/** The command `bellwether`. Checks Node, then hands over to the built program; nothing else belongs here. */
import { requireNode } from './node-floor.mjs'

requireNode()

function started(program) {
  return program.main(process.argv.slice(2)).then(function (code) {
    process.exitCode = code
  })
}

function failed(error) {
  if (error && error.code === 'ERR_MODULE_NOT_FOUND' && String(error.message).indexOf('dist/main.js') >= 0) {
    console.error('Bellwether is not built yet. Run "npm run build", or start it with "npm start".')
  } else {
    console.error(error)
  }
  process.exitCode = 1
}

import('../dist/main.js').then(started).catch(failed)
