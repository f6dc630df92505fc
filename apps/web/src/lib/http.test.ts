import { describe, expect, it } from 'vitest'
import { errorOfReply } from './http.ts'

describe('errorOfReply', () => {
  it('reads our own errors with hint and request id', () => {
    const error = errorOfReply(
      429,
      { error: { code: 'query.too_many_series', message: 'Too many.', hint: 'Narrow it.', requestId: 'r1' } },
      new Headers({ 'retry-after': '3' }),
    )
    expect(error).toMatchObject({
      status: 429,
      code: 'query.too_many_series',
      message: 'Too many.',
      hint: 'Narrow it.',
      requestId: 'r1',
      retryAfterSec: 3,
    })
  })

  it('reads the errors of the Prometheus API, with the request id of the header', () => {
    const error = errorOfReply(
      400,
      { status: 'error', errorType: 'bad_data', error: '1:4: parse error' },
      new Headers({ 'x-request-id': 'abc' }),
    )
    expect(error).toMatchObject({ code: 'bad_data', message: '1:4: parse error', requestId: 'abc', retryAfterSec: null })
  })

  it('stays readable when the body says nothing', () => {
    expect(errorOfReply(502, null, new Headers())).toMatchObject({ code: 'http.502', message: 'The server could not answer.' })
    expect(errorOfReply(418, 'teapot', new Headers()).message).toContain('418')
  })
})
