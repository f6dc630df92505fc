/** What a snippet is, and what stands in it. */

export interface SnippetFacts {
  /** Scheme, host and port of this server, without a slash at the end. */
  readonly origin: string
  readonly key: string
  /** The project's number, for addresses that name it. */
  readonly project: string
  readonly ports: ListenerPorts
}

/** Where lines that are no requests come in; null: it does not listen. */
export interface ListenerPorts {
  readonly statsd: number | null
  readonly syslog: number | null
}

/** What each is without a setting, and what is proposed where it does not listen. */
export const proposedPorts = { statsd: 8125, syslog: 5514 } as const

export interface Snippet {
  readonly id: string
  readonly label: string
  readonly steps: readonly { readonly title: string; readonly code: string }[]
}
