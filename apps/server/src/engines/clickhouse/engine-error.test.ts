import { expect, test } from 'vitest'
import { AppError } from '../../kernel/errors.ts'
import { engineCanceled } from '../errors.ts'
import { toEngineError } from './engine-error.ts'

const numbered = (code: string, message: string): Error => Object.assign(new Error(message), { code })

test.each([
  ['Code: 241. DB::Exception: Memory limit exceeded', 'engine.memory'],
  ['Code: 159. DB::Exception: Timeout exceeded', 'engine.timeout'],
  ['Code: 394. DB::Exception: Query was cancelled', 'engine.canceled'],
  ['Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space', 'engine.disk_full'],
  ['Code: 75. DB::ErrnoException: Cannot write to file: errno: 28, strerror: No space left on device', 'engine.disk_full'],
  ['Code: 252. DB::Exception: Too many parts (300)', 'engine.too_many_parts'],
  ['Code: 252. DB::Exception: Too many partitions for single INSERT block (more than 100)', 'engine.rejected'],
  ['Code: 396. DB::Exception: Limit for result exceeded', 'engine.too_many_rows'],
  ['Code: 62. DB::Exception: Syntax error', 'engine.rejected'],
  ['Code: 53. DB::Exception: Type mismatch', 'engine.rejected'],
  ['connect ECONNREFUSED 127.0.0.1:8123', 'engine.unavailable'],
  ['There is no handle /?query=select+1', 'engine.unavailable'],
])('%s is %s', (message, code) => {
  expect(toEngineError(new Error(message)).code).toBe(code)
})

test.each([
  ['516', 'Authentication failed'],
  ['497', 'Not enough privileges'],
  ['60', 'Unknown table expression identifier'],
  ['242', 'Table is in readonly mode'],
  ['210', 'Network error'],
])('number %s (%s) is nobody`s data, so it may be tried again', (number, message) => {
  expect(toEngineError(numbered(number, message)).code).toBe('engine.unavailable')
})

test('the number that the driver found counts; a system error name is not a number', () => {
  expect(toEngineError(numbered('62', 'words')).code).toBe('engine.rejected')
  expect(toEngineError(numbered('ECONNRESET', 'socket hang up')).code).toBe('engine.unavailable')
})

test('an operational error stays what it is; the public text has nothing of the detail', () => {
  const own = new AppError(engineCanceled)
  expect(toEngineError(own)).toBe(own)
  const error = toEngineError(new Error('Code: 62. DB::Exception: in secret_table'))
  expect(error.publicText).not.toContain('secret_table')
  expect(error.message).toContain('secret_table')
})
