/** Copies a text and says so. */
import { useEffect, useState } from 'react'
import { Button, IconButton } from './Button.tsx'

/** Copies through the clipboard API, or through a hidden field where the page is not served securely. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const field = document.createElement('textarea')
    field.value = text
    field.style.position = 'fixed'
    field.style.opacity = '0'
    document.body.append(field)
    field.select()
    const done = document.execCommand('copy')
    field.remove()
    return done
  }
}

export interface CopyButtonProps {
  readonly text: string
  /** What is copied: "key", "query". */
  readonly what: string
  /** Shown as a word; without it only the icon. */
  readonly label?: string
  readonly small?: boolean
}

export function CopyButton({ text, what, label, small = true }: CopyButtonProps) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return undefined
    const timer = window.setTimeout(() => setCopied(false), 1600)
    return () => window.clearTimeout(timer)
  }, [copied])
  const copy = (): void => {
    void copyText(text).then(setCopied)
  }
  const icon = copied ? 'check' : 'copy'
  return (
    <>
      {label === undefined ? (
        <IconButton small={small} icon={icon} label={copied ? 'Copied' : `Copy ${what}`} onClick={copy} />
      ) : (
        <Button small={small} icon={icon} onClick={copy} aria-label={`Copy ${what}`}>
          {copied ? 'Copied' : label}
        </Button>
      )}
      <span className="bw-sr" aria-live="polite">
        {copied ? `${what} copied` : ''}
      </span>
    </>
  )
}
