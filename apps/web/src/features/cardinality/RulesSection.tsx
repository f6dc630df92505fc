/** The project's rules: pause, resume, take back the latest change, delete. Each in one press, and each can be taken back. */
import type { CardinalityRule, CardinalityRuleChange } from '@bellwether/protocol'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { formatAgo } from '../../lib/time-format.ts'
import { Button } from '../../ui/Button.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Section } from '../../ui/Page.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import { StatusMark } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { usePlace } from '../session/index.ts'
import { actionText, changeRule, changeText, deleteRule, matchText, rulesQuery } from './cardinality.queries.ts'

type Change = CardinalityRuleChange | 'delete'

export function RulesSection({ mayChange }: { readonly mayChange: boolean }) {
  const { projectPath } = usePlace()
  const client = useQueryClient()
  const rules = useQuery(rulesQuery(projectPath))
  /** Gone from the list by the latest press; can be brought back. */
  const [gone, setGone] = useState<CardinalityRule | null>(null)
  const change = useMutation({
    mutationFn: async ({ rule, to }: { rule: CardinalityRule; to: Change }) => {
      if (to !== 'delete') return await changeRule(projectPath, rule.id, to)
      await deleteRule(projectPath, rule.id)
      return null
    },
    onSuccess: async (after, { rule }) => {
      setGone(after === null || after.state === 'deleted' ? rule : null)
      await client.invalidateQueries({ queryKey: ['cardinality', projectPath] })
    },
  })
  const ability: Ability = {
    mayChange,
    busyId: change.isPending ? change.variables.rule.id : null,
    onChange: (rule, to) => change.mutate({ rule, to }),
  }
  return (
    <Section title="Rules" note="the first that matches a metric decides; they hold for what comes in from now on">
      {rules.isPending && <Loading label="rules" rows={2} />}
      {rules.isError && <Failure error={rules.error} title="The rules could not be read" onRetry={() => void rules.refetch()} />}
      {change.isError && <Failure compact error={change.error} title="The rule was not changed" />}
      {gone !== null && (
        <Notice
          icon="trash"
          title={`The rule for ${matchText(gone.match)} is gone`}
          action={
            <Button onClick={() => change.mutate({ rule: gone, to: { undo: true } })} busy={change.isPending}>
              Bring it back
            </Button>
          }
        >
          <p>Its series come in with all their labels again.</p>
        </Notice>
      )}
      {rules.data !== undefined && (
        <DataTable
          label="rules"
          columns={columnsFor(ability, rules.dataUpdatedAt)}
          rows={rules.data.items}
          rowKey={({ id }) => id}
          empty={
            <Empty title="No rules" icon="filter">
              <p>Every series is stored as it comes. A rule drops a label, keeps only some, or drops a metric.</p>
            </Empty>
          }
        />
      )}
    </Section>
  )
}

interface Ability {
  readonly mayChange: boolean
  readonly busyId: string | null
  readonly onChange: (rule: CardinalityRule, to: Change) => void
}

function columnsFor(ability: Ability, nowMs: number): readonly Column<CardinalityRule>[] {
  return [
    {
      id: 'metric',
      header: 'Metric',
      value: ({ match }) => match.value,
      cell: ({ match }) => <code title={`${match.kind}: ${match.value}`}>{matchText(match)}</code>,
    },
    {
      id: 'what',
      header: 'Rule',
      isMain: true,
      value: ({ action }) => actionText(action),
      cell: ({ action, note }) => <span title={note}>{actionText(action)}</span>,
    },
    {
      id: 'state',
      header: 'State',
      value: ({ state }) => state,
      cell: ({ state }) => (state === 'paused' ? <StatusMark tone="paused" label="paused" /> : <StatusMark tone="ok" label="active" />),
    },
    {
      id: 'changed',
      header: 'Latest change',
      isExtra: true,
      value: ({ changedAt }) => changedAt,
      cell: ({ lastChange, changedBy, changedAt }) => (
        <time title={changedAt}>
          {changeText(lastChange)} {formatAgo(Date.parse(changedAt), nowMs)} by {changedBy}
        </time>
      ),
    },
    { id: 'actions', header: '', isNumber: true, cell: (rule) => (ability.mayChange ? <Actions rule={rule} ability={ability} /> : null) },
  ]
}

function Actions({ rule, ability }: { readonly rule: CardinalityRule; readonly ability: Ability }) {
  const name = matchText(rule.match)
  const isPaused = rule.state === 'paused'
  const press = (to: Change) => ({ disabled: ability.busyId !== null, onClick: () => ability.onChange(rule, to) })
  return (
    <span className="bw-card-actions">
      <Button
        small
        {...press({ state: isPaused ? 'active' : 'paused' })}
        aria-label={`${isPaused ? 'Resume' : 'Pause'} the rule for ${name}`}
      >
        {isPaused ? 'Resume' : 'Pause'}
      </Button>
      <Button small {...press({ undo: true })} aria-label={`Undo the latest change of the rule for ${name}`}>
        Undo
      </Button>
      <Button small variant="danger" {...press('delete')} aria-label={`Delete the rule for ${name}`}>
        Delete
      </Button>
    </span>
  )
}
