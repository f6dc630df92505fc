/** The scope of whoever runs the program's own commands on this machine: no caller, no role, one tenant. */
import { createScope, type Scope, type Tenant } from '../kernel/scope.ts'

/** For commands that work on data they made themselves; nothing that serves requests may use it. */
export function operatorScope({ organizationId, projectId }: Tenant): Scope {
  return createScope(organizationId, [projectId])
}
