/** Settings: schema, loading, secrets. The only reader of the process's environment. */
export { settings, type Config, type Setting } from './schema.ts'
export { loadConfig, processInputs, yamlKey, type ConfigProblem, type ConfigResult } from './load.ts'
