/** Keys and completion of the PromQL editor: Enter runs the query, and nothing is completed that no one chose. */
import {
  acceptCompletion,
  autocompletion,
  closeCompletion,
  completionKeymap,
  completionStatus,
  moveCompletionSelection,
  selectedCompletion,
  type CompletionContext,
  type CompletionResult,
  type CompletionSource,
} from '@codemirror/autocomplete'
import { Prec, type Extension } from '@codemirror/state'
import { keymap, type EditorView } from '@codemirror/view'

/** Behind a closing bracket an expression is complete: only operators could follow, and they are shown when asked for (Ctrl Space). */
export function opensUnasked(before: string): boolean {
  return !/[)\]}]\s*$/.test(before)
}

/** The language's own completions, without those that would open by themselves behind a complete expression. */
async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  if (!context.explicit && !opensUnasked(context.state.sliceDoc(0, context.pos))) return null
  const sources = context.state.languageDataAt<CompletionSource>('autocomplete', context.pos)
  for (const source of sources) {
    const result = await source(context)
    if (result !== null) return result
  }
  return null
}

/**
 * Enter runs, except while someone has moved into the open list: then it takes what is chosen there. Tab takes the first or the chosen
 * one. Shift Enter starts a line (by the default keys).
 */
export function promqlKeys(run: (text: string) => void): Extension {
  const runNow = (editor: EditorView): boolean => {
    closeCompletion(editor)
    run(editor.state.doc.toString())
    return true
  }
  const enter = (editor: EditorView): boolean =>
    selectedCompletion(editor.state) === null || !acceptCompletion(editor) ? runNow(editor) : true
  const tab = (editor: EditorView): boolean => {
    if (completionStatus(editor.state) !== 'active') return false
    if (selectedCompletion(editor.state) === null) moveCompletionSelection(true)(editor)
    return acceptCompletion(editor)
  }
  const listKeys = completionKeymap.filter((binding) => binding.key !== 'Enter')
  return [
    autocompletion({ icons: false, selectOnOpen: false, defaultKeymap: false, override: [complete] }),
    Prec.highest(keymap.of([{ key: 'Mod-Enter', run: runNow }, { key: 'Enter', run: enter }, { key: 'Tab', run: tab }, ...listKeys])),
  ]
}
