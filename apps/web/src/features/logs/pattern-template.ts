/** The template of a pattern in pieces: what all its messages have, and the places where they differ. */

export interface TemplatePart {
  readonly text: string
  readonly isPlaceholder: boolean
}

const placeholder = /<(?:\*|[a-z][a-z0-9_-]{0,23})>/g

export function templateParts(template: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = []
  let at = 0
  for (const match of template.matchAll(placeholder)) {
    if (match.index > at) parts.push({ text: template.slice(at, match.index), isPlaceholder: false })
    parts.push({ text: match[0].slice(1, -1), isPlaceholder: true })
    at = match.index + match[0].length
  }
  if (at < template.length) parts.push({ text: template.slice(at), isPlaceholder: false })
  return parts
}
