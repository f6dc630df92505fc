/** PromQL: lexer, parser, checker, evaluator, test language. Public face; see ports.ts for the vocabulary. */
export * from './ports.ts'
