/**
 * For a child that does not watch its standard input itself, or may be too stuck to do it: a shell that waits for the end of ours and then ends the child.
 * The shell sees the end however this process went, SIGKILL included. It costs about a megabyte.
 */
import { spawn } from 'node:child_process'

/** `read` succeeds when we send a line (the child is gone, stand down) and fails at the end of input. */
const script = 'read -r line && exit 0; kill -s "$2" "$1" 2>/dev/null'

/** Sends `signal` (a name without SIG) to `pid` when this process ends without disposing the guard. */
export function guardOrphan(pid: number, signal: string): Disposable {
  const guard = spawn('/bin/sh', ['-c', script, 'bellwether-guard', String(pid), signal], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
    detached: true,
  })
  guard.on('error', () => {})
  guard.stdin.on('error', () => {})
  guard.unref()
  return {
    [Symbol.dispose]() {
      guard.stdin.end('\n')
    },
  }
}
