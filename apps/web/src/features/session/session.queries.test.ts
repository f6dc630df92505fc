import type { Session } from '@bellwether/protocol'
import { describe, expect, it } from 'vitest'
import { findPlace, firstPlace } from './session.queries.ts'

const session: Session = {
  caller: { kind: 'user', id: 'u', name: 'Ada', email: 'ada@example.com' },
  passwordIsSet: true,
  organizations: [
    { id: '1', slug: 'empty', name: 'Empty', role: 'viewer', permissions: ['read'], projects: [] },
    {
      id: '2',
      slug: 'default',
      name: 'Default',
      role: 'owner',
      permissions: ['read', 'write', 'admin'],
      projects: [
        { id: '1', slug: 'web', name: 'Web' },
        { id: '7', slug: 'shop', name: 'Shop' },
      ],
    },
  ],
}

describe('places', () => {
  it('are found by id or slug, in any organization', () => {
    expect(findPlace(session, '7')?.organization.id).toBe('2')
    expect(findPlace(session, 'shop')?.project.id).toBe('7')
    expect(findPlace(session, '99')).toBeNull()
  })

  it('start at the last project while it exists', () => {
    expect(firstPlace(session, '7')?.project.id).toBe('7')
    expect(firstPlace(session, '99')?.project.id).toBe('1')
    expect(firstPlace({ ...session, organizations: [] }, null)).toBeNull()
  })
})
