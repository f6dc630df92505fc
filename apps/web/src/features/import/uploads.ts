/**
 * Files that this browser tab is sending, outside of the page that began it: who goes to another page and comes back finds the upload going on.
 * One at a time for a project, so that no import is sent by two.
 */
import type { ImportBody } from '@bellwether/protocol'
import { useSyncExternalStore } from 'react'
import { uploadFile, type Upload } from './import.queries.ts'

export interface UploadState {
  readonly isSending: boolean
  /** Null until the server has named it. */
  readonly importId: string | null
  readonly fileName: string
  /** Why the last one broke off; null when it did not, or was cancelled. */
  readonly error: unknown
}

const idle: UploadState = { isSending: false, importId: null, fileName: '', error: null }

export class Uploads {
  readonly #send: (upload: Upload) => Promise<ImportBody>
  readonly #states = new Map<string, UploadState>()
  readonly #controllers = new Map<string, AbortController>()
  readonly #listeners = new Set<() => void>()

  constructor(send: (upload: Upload) => Promise<ImportBody>) {
    this.#send = send
  }

  of(projectPath: string): UploadState {
    return this.#states.get(projectPath) ?? idle
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** True when the file was sent to its end; false also when nothing was begun because another file of the project is being sent. */
  async start(upload: Omit<Upload, 'signal'>): Promise<boolean> {
    const { projectPath, chosen, resumed, onProgress } = upload
    if (this.of(projectPath).isSending) return false
    const controller = new AbortController()
    const { signal } = controller
    const sending: UploadState = { isSending: true, importId: resumed?.id ?? null, fileName: chosen.file.name, error: null }
    this.#controllers.set(projectPath, controller)
    this.#set(projectPath, sending)
    const note = (status: ImportBody): void => {
      if (signal.aborted) return
      this.#set(projectPath, { ...sending, importId: status.id })
      onProgress(status)
    }
    try {
      await this.#send({ ...upload, signal, onProgress: note })
      this.#set(projectPath, idle)
      return true
    } catch (error) {
      this.#set(projectPath, { ...idle, fileName: sending.fileName, error: signal.aborted ? null : error })
      return false
    } finally {
      this.#controllers.delete(projectPath)
    }
  }

  /** Sends no more of this import. */
  stop(projectPath: string, importId: string): void {
    if (this.of(projectPath).importId === importId) this.#controllers.get(projectPath)?.abort()
  }

  #set(projectPath: string, state: UploadState): void {
    this.#states.set(projectPath, state)
    for (const listener of this.#listeners) listener()
  }
}

export const uploads = new Uploads(uploadFile)

export function useUpload(projectPath: string): UploadState {
  return useSyncExternalStore(uploads.subscribe, () => uploads.of(projectPath))
}
