/**
 * Refuses to go on under a Node that Bellwether does not run on. Written in old syntax and without imports on purpose:
 * the very versions that it refuses must be able to read it.
 */

export const nodeFloor = [20, 19]

/** The one line to show a Node that is too old, or null when `version` (`20.19.0`) will do. */
export function nodeProblem(version) {
  var parts = version.split('.')
  var major = Number(parts[0])
  var minor = Number(parts[1])
  if (major > nodeFloor[0] || (major === nodeFloor[0] && minor >= nodeFloor[1])) return null
  return 'Bellwether needs Node ' + nodeFloor.join('.') + ' or newer; this is Node ' + version + '.'
}

/** Ends the process with code 1 and one line on standard error when the running Node is too old. */
export function requireNode() {
  var problem = nodeProblem(process.versions.node)
  if (problem === null) return
  console.error(problem)
  process.exit(1)
}
