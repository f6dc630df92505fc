/** A line as it would be stored, under the policy as it is typed. */
import type { ScrubbingPolicy } from '@bellwether/protocol'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { Section } from '../../ui/Page.tsx'
import { Failure } from '../../ui/states.tsx'
import { usePlace } from '../session/index.ts'
import { kindWords, markedPieces, trialQuery } from './scrubbing.queries.ts'

/** How long typing rests before the server is asked. */
const restMs = 250
const textCharsMax = 20_000
const example = '{"level":"warn","msg":"payment of ada@example.org with 4111 1111 1111 1111 failed","user":"ada","password":"hunter2"}'

export function TrySection({ policy, isOfForm }: { readonly policy: ScrubbingPolicy; readonly isOfForm: boolean }) {
  const { projectPath } = usePlace()
  const id = useId()
  const [text, setText] = useState(example)
  const [asked] = useDebouncedValue(text, restMs)
  const [rested] = useDebouncedValue(policy, restMs)
  const trial = useQuery(trialQuery(projectPath, rested, asked))
  return (
    <Section title="Try it" note={isOfForm ? 'with what is typed above, not saved yet' : 'nothing of it is stored'}>
      <div className="bw-form bw-scrubbing">
        <label htmlFor={id}>A line of a log, as text or JSON</label>
        <textarea
          id={id}
          className="bw-scrubbing__text bw-mono"
          rows={3}
          maxLength={textCharsMax}
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <div aria-live="polite" aria-busy={trial.isFetching}>
          {trial.isError && <Failure compact error={trial.error} title="It could not be tried" />}
          {trial.data !== undefined && !trial.isError && (
            <>
              <p className="bw-dim">
                {trial.data.kinds.length === 0
                  ? 'Nothing is taken out. It is stored as'
                  : `Taken out: ${trial.data.kinds.map((kind) => kindWords[kind]).join(', ')}. It is stored as`}
              </p>
              <dl className="bw-scrubbing__made bw-mono">
                <dt>body</dt>
                <dd>
                  <Marked text={trial.data.text} />
                </dd>
                {Object.entries(trial.data.attributes).map(([name, value]) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd>
                      <Marked text={value} />
                    </dd>
                  </div>
                ))}
              </dl>
            </>
          )}
        </div>
      </div>
    </Section>
  )
}

function Marked({ text }: { readonly text: string }) {
  if (text === '') return <span className="bw-dim">empty</span>
  return markedPieces(text).map((piece) =>
    piece.isMark ? (
      <mark key={piece.at} className="bw-scrubbing__mark">
        {piece.text}
      </mark>
    ) : (
      <span key={piece.at}>{piece.text}</span>
    ),
  )
}
