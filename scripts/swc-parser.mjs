/**
 * dependency-cruiser 17 reads TypeScript through @swc/core, but knows neither `using` declarations nor TSX. This loads it with a
 * parser that does. Import it before anything imports dependency-cruiser: modules see what @swc/core exports when they are loaded.
 */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const swc = require('@swc/core')
const { Visitor } = require('@swc/core/Visitor.js')

const parseFileSync = swc.parseFileSync
swc.parseFileSync = (path, options) => parseFileSync(path, { ...options, tsx: path.endsWith('.tsx') })

const visitStatement = Visitor.prototype.visitStatement
Visitor.prototype.visitStatement = function visitStatementOrUsing(statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement)
  statement.decls = this.visitVariableDeclarators(statement.decls)
  return statement
}

export const { cruise } = await import('dependency-cruiser')
