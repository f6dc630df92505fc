import type { AuditEntry } from '@bellwether/protocol'
import { describe, expect, it } from 'vitest'
import { namesFrom, targetText } from './audit-names.ts'

const entry = (target: string, detail: AuditEntry['detail']): AuditEntry => ({
  id: '1',
  at: '2026-01-01T00:00:00.000Z',
  actor: { kind: 'user', id: 'u', name: 'Ada' },
  action: 'x',
  target,
  detail,
})

describe('targetText', () => {
  it('names people, keys and who is gone; the rest stays an id', () => {
    const member = {
      userId: 'u1',
      name: 'Ada',
      email: 'ada@example.org',
      role: 'owner' as const,
      teamIds: [],
      createdAt: '2026-01-01T00:00:00.000Z',
    }
    const names = namesFrom(
      [member],
      [entry('member:u1', { role: 'viewer' }), entry('member:u2', { email: 'gone@example.org' }), entry('key:7', { name: 'shop' })],
    )
    expect(targetText('member:u1', names)).toBe('member Ada')
    expect(targetText('member:u2', names)).toBe('member gone@example.org')
    expect(targetText('key:7', names)).toBe('key shop')
    expect(targetText('team:3', names)).toBe('team:3')
  })
})
