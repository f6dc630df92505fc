import { completionStatus, startCompletion, type CompletionContext } from '@codemirror/autocomplete'
import { EditorState } from '@codemirror/state'
import { EditorView, runScopeHandlers } from '@codemirror/view'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { opensUnasked, promqlKeys } from './promql-keys.ts'

let view: EditorView | null = null
afterEach(() => {
  view?.destroy()
  view = null
})

function editorOn(text: string, run: (text: string) => void): EditorView {
  const words = (context: CompletionContext) => ({
    from: context.matchBefore(/\w*/)?.from ?? context.pos,
    options: [{ label: '-' }, { label: 'up' }, { label: 'uptime' }],
  })
  view = new EditorView({
    parent: document.body,
    state: EditorState.create({
      doc: text,
      selection: { anchor: text.length },
      extensions: [promqlKeys(run), EditorState.languageData.of(() => [{ autocomplete: words }])],
    }),
  })
  return view
}

function press(editor: EditorView, key: string): boolean {
  return runScopeHandlers(editor, new KeyboardEvent('keydown', { key }), 'editor')
}

async function opened(editor: EditorView): Promise<void> {
  startCompletion(editor)
  await vi.waitFor(() => expect(completionStatus(editor.state)).toBe('active'), { timeout: 30_000 })
  // Keys go to the list only once it can have been seen.
  await new Promise((resolve) => setTimeout(resolve, 100))
}

describe('promqlKeys', () => {
  it('runs what is written on Enter, though the list is open', async () => {
    const run = vi.fn()
    const editor = editorOn('rate(x[5m])', run)
    await opened(editor)
    expect(press(editor, 'Enter')).toBe(true)
    expect(run).toHaveBeenCalledExactlyOnceWith('rate(x[5m])')
    expect(editor.state.doc.toString()).toBe('rate(x[5m])')
    expect(completionStatus(editor.state)).toBeNull()
  })

  it('takes what was chosen in the list on Enter, and the first on Tab', async () => {
    const run = vi.fn()
    const chosen = editorOn('up', run)
    await opened(chosen)
    press(chosen, 'ArrowDown')
    press(chosen, 'ArrowDown')
    press(chosen, 'Enter')
    expect(chosen.state.doc.toString()).toBe('uptime')
    expect(run).not.toHaveBeenCalled()
    chosen.destroy()
    const first = editorOn('upt', run)
    expect(press(first, 'Tab')).toBe(false)
    await opened(first)
    expect(press(first, 'Tab')).toBe(true)
    expect(first.state.doc.toString()).toBe('uptime')
  })
})

describe('opensUnasked', () => {
  it('is for what is being written, not for what is complete', () => {
    for (const text of ['', 'ra', 'rate(', 'up{', 'up{job="', 'rate(x[5', 'sum by (job', 'a + '])
      expect(opensUnasked(text), text).toBe(true)
    for (const text of ['rate(x[5m])', 'x[5m]', 'up{job="a"}', 'sum(x) ']) expect(opensUnasked(text), text).toBe(false)
  })
})
