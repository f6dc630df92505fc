/** A name that is cut before its end when room is short: names of one family differ there. */
import './middle-cut.css'

/** Characters that are always shown. */
const tailLength = 14

export function MiddleCut({ text }: { readonly text: string }) {
  if (text.length <= tailLength) return <span className="bw-middle-cut">{text}</span>
  return (
    <span className="bw-middle-cut" title={text}>
      <span className="bw-middle-cut__head">{text.slice(0, -tailLength)}</span>
      <span className="bw-middle-cut__tail">{text.slice(-tailLength)}</span>
    </span>
  )
}
