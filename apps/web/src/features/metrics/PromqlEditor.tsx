/** The PromQL editor: colours, completion from this project's own names, Enter to run. Its own chunk. */
import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { EditorState } from '@codemirror/state'
import { EditorView, keymap, placeholder } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { PromQLExtension } from '@prometheus-io/codemirror-promql'
import { useEffect, useRef } from 'react'
import { promqlKeys } from './promql-keys.ts'
import './promql-editor.css'

export interface PromqlEditorProps {
  readonly value: string
  /** `/api/0/projects/<id>/prometheus/api/v1` */
  readonly prometheusPath: string
  readonly label: string
  /** While typing. */
  readonly onChange: (text: string) => void
  /** Enter, Ctrl Enter or leaving the field. */
  readonly onRun: (text: string) => void
}

const colors = HighlightStyle.define([
  { tag: tags.function(tags.variableName), class: 'bw-ql-fn' },
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], class: 'bw-ql-keyword' },
  { tag: [tags.labelName, tags.propertyName], class: 'bw-ql-label' },
  { tag: tags.string, class: 'bw-ql-string' },
  { tag: [tags.number, tags.literal], class: 'bw-ql-number' },
  { tag: tags.comment, class: 'bw-ql-comment' },
  { tag: tags.invalid, class: 'bw-ql-invalid' },
])

function promql(prometheusPath: string) {
  const root = prometheusPath.replace(/\/api\/v1$/, '')
  return (
    new PromQLExtension()
      // The server says what is wrong, in its words; variables such as $__rate_interval are not PromQL to a linter.
      .activateLinter(false)
      .setComplete({ remote: { url: root, httpMethod: 'GET', cache: { maxAge: 30_000 } } })
  )
}

export function PromqlEditor({ value, prometheusPath, label, onChange, onRun }: PromqlEditorProps) {
  const box = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const handlers = useRef({ onChange, onRun })
  useEffect(() => {
    handlers.current = { onChange, onRun }
  })
  const initial = useRef(value)
  useEffect(() => {
    const parent = box.current
    if (parent === null) return undefined
    const language = promql(prometheusPath)
    const editor = new EditorView({
      parent,
      state: EditorState.create({
        doc: initial.current,
        extensions: [
          history(),
          closeBrackets(),
          bracketMatching(),
          promqlKeys((text) => handlers.current.onRun(text)),
          language.asExtension(),
          syntaxHighlighting(colors),
          EditorView.lineWrapping,
          placeholder('A query, such as sum by (job) (rate(http_requests_total[5m]))'),
          EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }),
          keymap.of([...closeBracketsKeymap, ...historyKeymap, ...defaultKeymap]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) handlers.current.onChange(update.state.doc.toString())
          }),
          EditorView.domEventHandlers({
            blur: (_event, editor) => {
              handlers.current.onRun(editor.state.doc.toString())
            },
          }),
        ],
      }),
    })
    view.current = editor
    return () => {
      view.current = null
      editor.destroy()
      language.destroy()
    }
  }, [prometheusPath, label])
  useEffect(() => {
    initial.current = value
    const editor = view.current
    if (editor === null || editor.state.doc.toString() === value) return
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } })
  }, [value])
  return <div className="bw-editor" ref={box} />
}
