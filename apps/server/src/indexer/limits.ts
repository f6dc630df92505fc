/** Bounds of the indexer. */

/** Longest string with an id, bytes of UTF-8: an entry of the database's index holds no more than 2,700. Longer ones stay what they are. */
const indexedBytesMax = 1000
/** Ids below are those of shared strings. */
export const firstStoredId = 65_536
/** Strings of one statement. */
export const statementStringsMax = 10_000
/** Strings kept in process for recording, about 150 bytes each; for resolving a quarter of it. */
export const cachedStringsMax = 400_000

/** What a string must be to get an id: not empty text of the database's own character set, and not too long. */
export function isIndexable(string: string): boolean {
  if (string.length > indexedBytesMax || string.length === 0) return false
  if (string.length * 3 > indexedBytesMax && Buffer.byteLength(string) > indexedBytesMax) return false
  return !unstorable.test(string)
}

/** PostgreSQL's text has no NUL, and halves of surrogate pairs are no characters. */
const unstorable = /[\0\p{Surrogate}]/u
