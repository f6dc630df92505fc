/** What is taken out of logs and traces before they are stored: what is always looked for, own rules, and a place to try them. */
import type { ScrubbingPolicy, ScrubbingRule, ScrubbingStatus } from '@bellwether/protocol'
import { TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState, type FormEvent } from 'react'
import { formatAgo } from '../../lib/time-format.ts'
import { Button, IconButton } from '../../ui/Button.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import { may, usePlace } from '../session/index.ts'
import { TrySection } from './TrySection.tsx'
import { filledRules, policyOf, saveScrubbing, scrubbingQuery } from './scrubbing.queries.ts'
import '../../ui/form.css'
import './scrubbing.css'

export function ScrubbingPage() {
  const { projectPath, project } = usePlace()
  const status = useQuery(scrubbingQuery(projectPath))
  return (
    <Page
      title="Scrubbing"
      lead={`What is taken out of the logs and traces of ${project.name} at the door. The original is not stored anywhere, so it cannot be brought back.`}
    >
      {status.isError && <Failure error={status.error} title="Scrubbing could not be read" onRetry={() => void status.refetch()} />}
      {status.isPending && <Loading label="scrubbing" rows={6} />}
      {status.data !== undefined && <Policy key={JSON.stringify(status.data.policy)} status={status.data} />}
    </Page>
  )
}

const switches: readonly { readonly name: 'secrets' | 'cards' | 'emails'; readonly label: string; readonly text: string }[] = [
  {
    name: 'secrets',
    label: 'Secrets',
    text: 'Values of passwords, tokens, API keys, cookies and the like, by the name before them; bearer tokens, JSON web tokens, private keys and the keys of AWS, GitHub, GitLab, Google, npm, Slack and Stripe, by their shape.',
  },
  {
    name: 'cards',
    label: 'Card numbers',
    text: 'Numbers of 13 to 19 digits that a card network gives out and whose check digit is right.',
  },
  { name: 'emails', label: 'E-mail addresses', text: 'In texts, attributes and names.' },
]

function Policy({ status }: { readonly status: ScrubbingStatus }) {
  const { projectPath, organization } = usePlace()
  const client = useQueryClient()
  const [fields, setFields] = useState<ScrubbingPolicy>(status.policy)
  const mayChange = may(organization, 'admin')
  const policy = useMemo(() => policyOf(fields), [fields])
  const isChanged = JSON.stringify({ ...fields, rules: filledRules(fields.rules) }) !== JSON.stringify(status.policy)
  const save = useMutation({
    mutationFn: (wanted: ScrubbingPolicy) => saveScrubbing(projectPath, wanted),
    onSuccess: (saved) => client.setQueryData(scrubbingQuery(projectPath).queryKey, saved),
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (typeof policy !== 'string' && isChanged && !save.isPending) save.mutate(policy)
  }
  return (
    <>
      <Section title="What is taken out" note={changedText(status)}>
        <form className="bw-form bw-scrubbing" onSubmit={submit}>
          {switches.map(({ name, label, text }) => (
            <div key={name} className="bw-scrubbing__switch">
              <input
                id={`scrub-${name}`}
                type="checkbox"
                aria-describedby={`scrub-${name}-text`}
                checked={fields[name]}
                disabled={!mayChange}
                onChange={(event) => setFields({ ...fields, [name]: event.currentTarget.checked })}
              />
              <div>
                <label htmlFor={`scrub-${name}`}>{label}</label>
                <span id={`scrub-${name}-text`} className="bw-dim">
                  {text}
                </span>
              </div>
            </div>
          ))}
          <Rules rules={fields.rules} mayChange={mayChange} onChange={(rules) => setFields({ ...fields, rules: [...rules] })} />
          <div aria-live="polite">
            {typeof policy === 'string' && <p role="alert">{policy}</p>}
            {typeof policy !== 'string' && isChanged && (
              <Notice tone="warn" icon="warning">
                Saving changes what comes from then on. What is stored stays as it is.
              </Notice>
            )}
          </div>
          {save.error !== null && <Failure compact error={save.error} title="Scrubbing was not saved" />}
          {mayChange ? (
            <div className="bw-form__actions">
              <Button variant="primary" type="submit" disabled={!isChanged || typeof policy === 'string'} busy={save.isPending}>
                Save scrubbing
              </Button>
            </div>
          ) : (
            <p className="bw-dim">Administrators of the organization can change this.</p>
          )}
        </form>
      </Section>
      <TrySection policy={typeof policy === 'string' ? status.policy : policy} isOfForm={typeof policy !== 'string' && isChanged} />
    </>
  )
}

function changedText({ changedAt, changedBy }: ScrubbingStatus): string {
  return changedAt === null ? 'never changed' : `changed ${formatAgo(Date.parse(changedAt), Date.now())} by ${changedBy ?? 'someone'}`
}

interface RulesProps {
  readonly rules: readonly ScrubbingRule[]
  readonly mayChange: boolean
  readonly onChange: (rules: readonly ScrubbingRule[]) => void
}

const kinds = [
  { value: 'field' as const, label: 'Field' },
  { value: 'pattern' as const, label: 'Pattern' },
]

function Rules({ rules, mayChange, onChange }: RulesProps) {
  const setRule = (at: number, change: Partial<ScrubbingRule>): void =>
    onChange(rules.map((rule, i) => (i === at ? { ...rule, ...change } : rule)))
  return (
    <fieldset className="bw-scrubbing__rules">
      <legend>Own rules</legend>
      <p className="bw-dim">
        A field is the name of an attribute, in which * stands for any characters; its whole value goes. A pattern is a regular expression
        (RE2) that is looked for in every text. The name stands in place of what goes: <code>[scrubbed:name]</code>.
      </p>
      {rules.map((rule, at) => (
        // eslint-disable-next-line react/no-array-index-key -- rows have no name of their own, and are only added at the end or taken out
        <div key={at} className="bw-scrubbing__rule">
          <input
            type="checkbox"
            aria-label={`Rule ${at + 1} is on`}
            checked={rule.enabled}
            disabled={!mayChange}
            onChange={(event) => setRule(at, { enabled: event.currentTarget.checked })}
          />
          {mayChange ? (
            <Segmented label={`Kind of rule ${at + 1}`} value={rule.kind} options={kinds} onChange={(kind) => setRule(at, { kind })} />
          ) : (
            <span>{rule.kind === 'field' ? 'Field' : 'Pattern'}</span>
          )}
          <TextInput
            aria-label={`${rule.kind === 'field' ? 'Field' : 'Pattern'} of rule ${at + 1}`}
            placeholder={rule.kind === 'field' ? 'customer.*' : 'cust-[0-9]+'}
            classNames={{ root: 'bw-scrubbing__value', input: 'bw-mono' }}
            value={rule.value}
            readOnly={!mayChange}
            onChange={(event) => setRule(at, { value: event.currentTarget.value })}
            autoComplete="off"
            spellCheck={false}
          />
          <TextInput
            aria-label={`Name of rule ${at + 1}`}
            placeholder="name"
            classNames={{ root: 'bw-scrubbing__name', input: 'bw-mono' }}
            value={rule.name}
            readOnly={!mayChange}
            onChange={(event) => setRule(at, { name: event.currentTarget.value })}
            autoComplete="off"
            spellCheck={false}
          />
          {mayChange && (
            <IconButton icon="close" label={`Take out rule ${at + 1}`} onClick={() => onChange(rules.filter((_, i) => i !== at))} />
          )}
        </div>
      ))}
      {rules.length === 0 && !mayChange && <p className="bw-dim">There are none.</p>}
      {mayChange && (
        <Button small icon="plus" onClick={() => onChange([...rules, { name: '', kind: 'field', value: '', enabled: true }])}>
          Add a rule
        </Button>
      )}
    </fieldset>
  )
}
