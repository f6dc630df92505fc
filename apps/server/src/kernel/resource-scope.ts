/** Owns things that must be closed and closes them in reverse order (Node 20 has no `AsyncDisposableStack`). */

type Closable = Disposable | AsyncDisposable

export class ResourceScope implements AsyncDisposable {
  readonly #closers: { name: string; close: () => void | PromiseLike<void> }[] = []
  #closed = false

  /** Takes ownership of `resource` and gives it back. */
  use<T extends Closable>(resource: T): T {
    this.defer(resource.constructor.name, () =>
      Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : (resource as Disposable)[Symbol.dispose](),
    )
    return resource
  }

  /** Registers a closer. */
  defer(name: string, close: () => void | PromiseLike<void>): void {
    if (this.#closed) throw new Error(`ResourceScope is closed; cannot own ${name}`)
    this.#closers.push({ name, close })
  }

  /** Runs every closer, last first; one that fails does not stop the others. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const failures: unknown[] = []
    for (const { name, close } of this.#closers.reverse()) {
      try {
        await close()
      } catch (error) {
        failures.push(new Error(`closing ${name} failed`, { cause: error }))
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'some resources did not close')
  }
}
