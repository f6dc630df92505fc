/** Which role may do what. The table is the whole truth; `owner` and `admin` differ only in who may change owners. */
import type { Permission, Role } from './ports.ts'

const all: ReadonlySet<Permission> = new Set<Permission>(['read', 'write', 'admin'])

const permissionsByRole: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  owner: all,
  admin: all,
  member: new Set<Permission>(['read', 'write']),
  viewer: new Set<Permission>(['read']),
}

export function permissionsOf(role: Role): ReadonlySet<Permission> {
  return permissionsByRole[role]
}

/** The role a token's permissions amount to, for display and for rules that speak of roles. A token is never an owner. */
export function roleOfPermissions(permissions: ReadonlySet<Permission>): Role {
  if (permissions.has('admin')) return 'admin'
  return permissions.has('write') ? 'member' : 'viewer'
}

/** Owners and administrators see every project; others those without a team and those of their teams. */
export function seesEveryProject(role: Role): boolean {
  return role === 'owner' || role === 'admin'
}
