/** A text with the words that were looked for marked. */
import { markWords } from './log-text.ts'

export function Marked({ text, words }: { readonly text: string; readonly words: readonly string[] }) {
  const parts = markWords(text, words)
  if (parts.length === 1 && parts[0]?.isFound === false) return <>{text}</>
  return (
    <>
      {parts.map((part, index) =>
        // The parts of one text never change places.
        part.isFound ? <mark key={index}>{part.text}</mark> : <span key={index}>{part.text}</span>,
      )}
    </>
  )
}
