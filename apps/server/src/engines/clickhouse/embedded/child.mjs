/**
 * The embedded ClickHouse process: loads the engine's library into a Node process of its own and runs it there until the end.
 * Started by `embedded.ts` with: path of the library, then the engine's arguments. Plain JavaScript, so that the same file
 * runs from the sources and from the build.
 *
 * It ends with its parent: the parent holds the other end of standard input and never writes to it, so an end of input means
 * that the parent is gone, however it went. The engine runs in a thread of its own and leaves this event loop free to see it.
 */
import { DataType, load, open } from 'ffi-rs'

const [library, ...engineArgs] = process.argv.slice(2)

// What was acknowledged is on disk, so nothing has to be flushed, and an orderly exit would wait for running queries.
const endNow = () => process.kill(process.pid, 'SIGKILL')
process.stdin.on('end', endNow)
process.stdin.on('error', endNow)
process.stdin.resume()

open({ library: 'engine', path: library })
const args = ['clickhouse', ...engineArgs]
await load({
  library: 'engine',
  funcName: 'chdb_query_cmdline',
  retType: DataType.External,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [args.length, args],
  runInNewThread: true,
})
// The engine never returns while it is well, and has printed why it did.
process.exit(1)
