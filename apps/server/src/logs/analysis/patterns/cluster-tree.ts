/**
 * Drain (He et al., 2017): templates of as many words and the same first one are compared word by word; the most similar one takes the
 * message and keeps only the words that agree. First words that differ while all the rest is the same become one template when there are
 * many of them. What the tree holds is given and taken away by its owner.
 */
import { candidatesMax } from './limits.ts'
import { anything, isVariable } from './template.ts'

/** Shares of words that must agree, in short templates and in longer ones. */
const similarityMinShort = 0.6
const similarityMin = 0.5
const shortMax = 4

/** So many first words in front of the same words are names, not different messages. */
const firstWordsMax = 8

export class Cluster {
  /** Words, with `<*>` where messages differ. */
  tokens: string[]
  /** What it was found by when it was made. */
  readonly leaf: string
  readonly tail: string

  constructor(tokens: string[]) {
    this.tokens = tokens
    this.leaf = leafOf(tokens)
    this.tail = tailOf(tokens)
  }
}

export class ClusterTree<C extends Cluster> {
  readonly #leaves = new Map<string, C[]>()
  /** How many clusters have the same words behind their first. */
  readonly #tails = new Map<string, number>()

  /** The most similar cluster, null when none is similar enough. */
  find(tokens: readonly string[]): C | null {
    return this.#best(leafOf(tokens), tokens) ?? this.#best(`${tokens.length} ${anything}`, tokens)
  }

  /** Words of the cluster that a message without one should found: its own, or with `<*>` in front where names stand there. */
  founding(tokens: readonly string[]): string[] {
    const isName = tokens.length > 1 && (this.#tails.get(tailOf(tokens)) ?? 0) >= firstWordsMax
    return isName ? [anything, ...tokens.slice(1)] : [...tokens]
  }

  add(cluster: C): void {
    const leaf = this.#leaves.get(cluster.leaf)
    if (leaf === undefined) this.#leaves.set(cluster.leaf, [cluster])
    else {
      leaf.push(cluster)
      // A leaf with too many would make every new message slow: its oldest are found no more.
      if (leaf.length > candidatesMax) leaf.shift()
    }
    this.#tails.set(cluster.tail, (this.#tails.get(cluster.tail) ?? 0) + 1)
  }

  remove(cluster: C): void {
    const tails = (this.#tails.get(cluster.tail) ?? 0) - 1
    if (tails > 0) this.#tails.set(cluster.tail, tails)
    else this.#tails.delete(cluster.tail)
    const leaf = this.#leaves.get(cluster.leaf) ?? []
    const at = leaf.indexOf(cluster)
    if (at !== -1) leaf.splice(at, 1)
    if (leaf.length === 0) this.#leaves.delete(cluster.leaf)
  }

  #best(leaf: string, tokens: readonly string[]): C | null {
    let best: C | null = null
    let bestScore = -1
    for (const cluster of this.#leaves.get(leaf) ?? []) {
      const score = similarity(cluster.tokens, tokens)
      if (score > bestScore) {
        best = cluster
        bestScore = score
      }
    }
    return bestScore >= (tokens.length <= shortMax ? similarityMinShort : similarityMin) ? best : null
  }
}

/** Number of words and the first one; what a leaf's clusters have in common stays. */
function leafOf(tokens: readonly string[]): string {
  const [first = ''] = tokens
  return `${tokens.length} ${isVariable(first) ? anything : first}`
}

function tailOf(tokens: readonly string[]): string {
  return tokens.slice(1).join(' ')
}

function similarity(template: readonly string[], tokens: readonly string[]): number {
  let same = 0
  for (let i = 0; i < tokens.length; i++) if (template[i] === tokens[i] && template[i] !== anything) same++
  return tokens.length === 0 ? 1 : same / tokens.length
}

/** What both have in common; null when that is what the template says already. */
export function generalized(template: readonly string[], tokens: readonly string[]): string[] | null {
  let changed = false
  const out = template.map((word, i) => {
    if (word === tokens[i] || word === anything) return word
    changed = true
    return anything
  })
  return changed ? out : null
}
