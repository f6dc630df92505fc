/** All commands, in the order of help. What a command needs is loaded when it is called: sending a file takes no server. */
import type { CommandEntry } from './command.ts'

export const commands: readonly CommandEntry[] = [
  { name: 'serve', summary: 'run Bellwether', load: async () => (await import('./serve-command.ts')).serveCommand },
  {
    name: 'demo',
    summary: 'send a simulated shop: a week of history, then live',
    load: async () => (await import('./demo-command.ts')).demoCommand,
  },
  { name: 'import', summary: 'import a file of CSV or JSON lines', load: async () => (await import('./import-command.ts')).importCommand },
  { name: 'send', summary: 'send the lines of a log file as it grows', load: async () => (await import('./send-command.ts')).sendCommand },
  { name: 'promql', summary: 'run PromQL test files, or a query', load: async () => (await import('./promql-command.ts')).promqlCommand },
  {
    name: 'config',
    summary: 'print all settings, their values and their meaning',
    load: async () => (await import('./config-command.ts')).configCommand,
  },
  { name: 'doctor', summary: 'check this machine and the settings', load: async () => (await import('./doctor-command.ts')).doctorCommand },
  {
    name: 'migrate',
    summary: 'bring the schemas of both engines up to date',
    load: async () => (await import('./migrate-command.ts')).migrateCommand,
  },
  { name: 'version', summary: 'print the version', load: async () => (await import('./version-command.ts')).versionCommand },
]
