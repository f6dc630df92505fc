/** A snippet to copy. */
import { CopyButton } from './CopyButton.tsx'
import './form.css'

export function CodeBlock({ code, what }: { readonly code: string; readonly what: string }) {
  return (
    <div className="bw-code">
      <pre tabIndex={0} aria-label={what}>
        <code>{code}</code>
      </pre>
      <div className="bw-code__copy">
        <CopyButton text={code} what={what} label="Copy" />
      </div>
    </div>
  )
}

/** A secret shown once. */
export function SecretOnce({ secret, what }: { readonly secret: string; readonly what: string }) {
  return (
    <div className="bw-secret">
      <code>{secret}</code>
      <CopyButton text={secret} what={what} label="Copy" small={false} />
    </div>
  )
}
