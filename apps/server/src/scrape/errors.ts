/** What can be wrong with a configuration, in words that name the line. */
import { AppError, type ErrorSpec } from '../kernel/errors.ts'

export const configInvalid: ErrorSpec = {
  code: 'scrape.config_invalid',
  kind: 'invalid',
  publicText: 'The scrape configuration cannot be read.',
}

export function invalidConfig(publicText: string): AppError {
  return new AppError(configInvalid, { publicText })
}
