/** What a snippet is, and what stands in it. */

export interface SnippetFacts {
  /** Scheme, host and port of this server, without a slash at the end. */
  readonly origin: string
  readonly key: string
  /** The project's number, for addresses that name it. */
  readonly project: string
}

export interface Snippet {
  readonly id: string
  readonly label: string
  readonly steps: readonly { readonly title: string; readonly code: string }[]
}
