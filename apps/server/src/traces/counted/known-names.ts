/** Bounds on names: how many are told apart, however many rows of other minutes each of them has. */

/** Whether the name is one of at most `most`; a new one is while there is room. */
export function takes(known: Set<string>, name: string, most: number): boolean {
  if (known.has(name)) return true
  if (known.size >= most) return false
  known.add(name)
  return true
}
