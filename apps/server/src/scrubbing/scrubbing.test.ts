/** What is scrubbed of a text, what is not, and what becomes of a batch. */
import { scrubbedKindsOf, type ScrubbingPolicy } from '@bellwether/protocol'
import { describe, expect, test } from 'vitest'
import { LogsBatch } from '../logs/index.ts'
import { makeResource, PairsColumn, type SignalBatch, TextColumn, WordColumn } from '../signals/index.ts'
import { SpansBatch } from '../traces/index.ts'
import { CompiledPolicy, defaultPolicy } from './compiled-policy.ts'
import { scrubSamples } from './samples.ts'
import { ScrubbingStage } from './stage.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const tenant = { organizationId: 1, projectId: 1 }
const nowMs = Date.UTC(2026, 10, 21, 8)

function scrub(text: string, policy: Partial<ScrubbingPolicy> = {}): string {
  const compiled = new CompiledPolicy({ ...defaultPolicy, ...policy })
  // Surrounded, as texts lie in a column: nothing beyond its bounds may count.
  const bytes = encoder.encode(`password=@${text}@example.com`)
  const made = compiled.scrubbed(bytes, 10, bytes.length - 12)
  return made === null ? text : decoder.decode(made)
}

// Written in two parts, so that nobody's search for secrets finds this file.
const github = `gh${'p_'}${'a1B2'.repeat(9)}`
const stripe = `sk_${'live_'}${'4eC39HqLyjWDarjtT1zdp7dc'}`
const slack = `xox${'b-'}123456789012-abcdefABCDEF`
const aws = `AK${'IA'}IOSFODNN7EXAMPLE`
const jwt = `ey${'J'}hbGciOiJIUzI1NiJ9.ey${'J'}zdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P`
const pem = `-----BEGIN RSA ${'PRIVATE'} KEY-----\nMIIE\nabc=\n-----END RSA ${'PRIVATE'} KEY-----`
const google = `AI${'za'}${'x'.repeat(35)}`

/** All that the columns hold, dictionaries with words that no row has included. */
function everyText(batch: SignalBatch): string {
  const parts = batch.columns.flatMap((column) => {
    if (column instanceof TextColumn) return [column.data.view()]
    if (column instanceof WordColumn) return [column.words.data.view()]
    return column instanceof PairsColumn ? [column.keys.words.data.view(), column.values.data.view()] : []
  })
  return Buffer.concat(parts).toString('latin1')
}

describe('what is scrubbed', () => {
  test.each([
    ['password=hunter2 next', 'password=[scrubbed:secret] next'],
    ['DB_PASSWORD: hunter2', 'DB_PASSWORD: [scrubbed:secret]'],
    ['{"password":"hun\\"ter2","a":1}', '{"password":"[scrubbed:secret]","a":1}'],
    ['{"user":{"apiKey" : "abc"}}', '{"user":{"apiKey" : "[scrubbed:secret]"}}'],
    ['{"a":"{\\"client_secret\\":\\"abc\\",\\"b\\":1}"}', '{"a":"{\\"client_secret\\":\\"[scrubbed:secret]\\",\\"b\\":1}"}'],
    ["{ token: 'abc', x: 1 }", "{ token: '[scrubbed:secret]', x: 1 }"],
    ['GET /x?access_token=abc123&y=1', 'GET /x?access_token=[scrubbed:secret]&y=1'],
    ['Authorization: Basic dXNlcjpwYXNz', 'Authorization: [scrubbed:secret]'],
    ['authorization: Bearer abcdef', 'authorization: [scrubbed:secret]'],
    ['Cookie: sid=abc; theme=dark', 'Cookie: [scrubbed:secret]'],
    ['set-cookie=a=b; Path=/', 'set-cookie=[scrubbed:secret]'],
    ['x-api-key=k1', 'x-api-key=[scrubbed:secret]'],
    ['token: a1b2c3d4e5', 'token: [scrubbed:secret]'],
    ['postgres://bob:pa55@db.internal:5432/x', 'postgres://bob:[scrubbed:secret]@db.internal:5432/x'],
    ['sent Bearer abcdef0123456789.x to it', 'sent Bearer [scrubbed:token] to it'],
    [`key ${github}.`, 'key [scrubbed:token].'],
    [`(${stripe})`, '([scrubbed:token])'],
    [slack, '[scrubbed:token]'],
    [`aws ${aws} key`, 'aws [scrubbed:token] key'],
    [google, '[scrubbed:token]'],
    [`got ${jwt}, ok`, 'got [scrubbed:jwt], ok'],
    [`a\n${pem}\nb`, 'a\n[scrubbed:private-key]\nb'],
    ['card 4111 1111 1111 1111 ok', 'card [scrubbed:card] ok'],
    ['4111-1111-1111-1111', '[scrubbed:card]'],
    ['5 4111111111111111', '5 [scrubbed:card]'],
    ['4111111111111111 5', '[scrubbed:card] 5'],
    ['378282246310005', '[scrubbed:card]'],
    ['5555555555554444,4012888888881881', '[scrubbed:card],[scrubbed:card]'],
    ['mail to bob.smith+x@mail.example.co.uk.', 'mail to [scrubbed:email].'],
    ['<a@b.cd>', '<[scrubbed:email]>'],
    ['Größe für müller@example.de', 'Größe für m\u00fc[scrubbed:email]'],
    ['a@b.cd password=x c@d.ef', '[scrubbed:email] password=[scrubbed:secret] [scrubbed:email]'],
  ])('%s', (text, expected) => {
    expect(scrub(text)).toBe(expected)
  })

  test('a private key whose end is cut off', () => {
    expect(scrub(`x ${pem.slice(0, -20)}`)).toBe('x [scrubbed:private-key]')
  })
})

describe('what is not', () => {
  test.each([
    '',
    'GET /api/v1/orders 200 12.5ms',
    'trace 4bf92f3577b34da6a3ce929d0e0e4736 span 00f067aa0ba902b7',
    'id 550e8400-e29b-41d4-a716-446655440000',
    'at 1795248000123 and 1795248000123456789',
    '4111111111111112',
    '41111111111111111111111',
    'order x4111111111111111',
    'Unexpected token: } in JSON at position 5',
    'password=',
    'password: null, x',
    'token=[scrubbed:secret]',
    'password=****',
    'if (password == null)',
    'max_tokens=500 prompt_tokens: 12',
    'nextPageToken=abc',
    'react@18.2.0 and @scope/pkg and user@localhost',
    'http://host/a@b',
    'bearer token is missing',
    'a:b:c=d 12:30:45 key=value',
    'snake_case_name kebab-case-name risk_live_ops',
    'AKIASHORT',
    'eyJust a word.with.dots',
  ])('%s', (text) => {
    expect(scrub(text)).toBe(text)
  })

  test('what is switched off', () => {
    const text = 'a@b.cd password=x 4111111111111111'
    expect(scrub(text, { emails: false })).toBe('a@b.cd password=[scrubbed:secret] [scrubbed:card]')
    expect(scrub(text, { secrets: false })).toBe('[scrubbed:email] password=x [scrubbed:card]')
    expect(scrub(text, { cards: false })).toBe('[scrubbed:email] password=[scrubbed:secret] 4111111111111111')
    expect(scrub(text, { secrets: false, cards: false, emails: false })).toBe(text)
  })
})

test('words in which refusals are told', () => {
  const told: string[] = []
  const policy = new CompiledPolicy(defaultPolicy)
  const samples = scrubSamples({ note: (_tenant, protocol, reason, text) => told.push(`${protocol} ${reason} ${text}`) }, () => policy)
  samples.note(tenant, 'loki', 'malformed', "couldn't parse labels: {token=abc}", nowMs)
  samples.note(tenant, 'loki', 'too_old', 'A row of 1970 is older.', nowMs)
  expect(told).toEqual(["loki malformed couldn't parse labels: {token=[scrubbed:secret]}", 'loki too_old A row of 1970 is older.'])
})

describe('own rules', () => {
  const pattern = (value: string, name = 'own'): Partial<ScrubbingPolicy> => ({ rules: [{ name, kind: 'pattern', value, enabled: true }] })

  test.each([
    ['cust-\\d+', 'a cust-123 b cust-4', 'a [scrubbed:own] b [scrubbed:own]'],
    ['a|ab|abc', 'xabcd', 'x[scrubbed:own]d'],
    ['\\bid\\b', 'id idle void id', '[scrubbed:own] idle void [scrubbed:own]'],
    ['^x', 'xx', '[scrubbed:own]x'],
    ['x$', 'xx', 'x[scrubbed:own]'],
    ['(?i)secret\\w*', 'a SecretStuff', 'a [scrubbed:own]'],
    ['ü+', 'aüüb', 'a[scrubbed:own]b'],
    ['[^a-z]+', 'abc123def', 'abc[scrubbed:own]def'],
    ['x*', 'axxb', 'a[scrubbed:own]b'],
    ['(ab){2,3}', 'ababababab', '[scrubbed:own][scrubbed:own]'],
  ])('%s in %s', (value, text, expected) => {
    expect(scrub(text, pattern(value))).toBe(expected)
  })

  test('the same places as the engine of this language finds, for patterns without a choice between lengths', () => {
    const letters = 'ab0 -'
    let state = 7
    const next = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below
    for (const source of ['a+b', 'a[b0]*', '0{2,3}', 'b-?a', '(a0|b )+', '[ab]+0+']) {
      for (let round = 0; round < 200; round++) {
        const text = Array.from({ length: next(30) }, () => letters[next(letters.length)]).join('')
        expect(scrub(text, { ...pattern(source), secrets: false, cards: false, emails: false })).toBe(
          text.replaceAll(new RegExp(source, 'g'), '[scrubbed:own]'),
        )
      }
    }
  })

  test('a pattern that explodes elsewhere, and a text that needs too many steps, which goes whole', () => {
    const explosive = `${'a'.repeat(30_000)}!`
    expect(scrub(explosive, pattern('(a+)+$')) === explosive).toBe(true)
    expect(scrub(explosive, pattern('(a+)+!'))).toBe('[scrubbed:own]')
    expect(scrub(`${'ab'.repeat(20_000)}`, pattern('a|a.*z'))).toBe('[scrubbed:own]')
  })

  test('bad patterns are refused', () => {
    expect(() => new CompiledPolicy({ ...defaultPolicy, ...pattern('(') })).toThrow()
    expect(() => new CompiledPolicy({ ...defaultPolicy, ...pattern('(a{1000}){1000}') })).toThrow('too large')
  })

  test('names of fields', () => {
    const policy = new CompiledPolicy({
      ...defaultPolicy,
      rules: [
        { name: 'customer', kind: 'field', value: 'customer.*', enabled: true },
        { name: 'ip', kind: 'field', value: '*ip*address', enabled: true },
        { name: 'off', kind: 'field', value: 'other', enabled: false },
      ],
    })
    const markOf = (name: string): string | null => {
      const whole = policy.wholeValueOf(name)
      return whole === null ? null : decoder.decode(whole.mark)
    }
    expect(['customer.name', 'Customer.ID', 'customer', 'client_ip_v4_address', 'other', 'db.password'].map(markOf)).toEqual([
      '[scrubbed:customer]',
      '[scrubbed:customer]',
      null,
      '[scrubbed:ip]',
      null,
      '[scrubbed:secret]',
    ])
  })
})

describe('a batch', () => {
  const stage = new ScrubbingStage({ policyOf: () => policy })
  let policy = new CompiledPolicy(defaultPolicy)

  test('of logs: body, attributes, names, resource, words of refusals; rows are marked, the record has none of it', () => {
    const batch = new LogsBatch()
    batch.begin(tenant, nowMs)
    const resource = makeResource([
      ['service.name', 'shop'],
      ['owner', 'bob@example.com'],
    ])
    for (const body of ['clean line', 'mail bob@example.com', 'plain']) {
      batch.time(nowMs / 1000, 0)
      batch.from(resource)
      batch.body.pushString(body)
      batch.attribute('n', '5')
      if (body === 'plain') {
        batch.attribute('password', 'hunter2')
        batch.attribute('has_password', 'true')
        batch.attribute('session.id', 's-1')
        batch.attribute('bob@example.com', 'x')
      }
      batch.endRow()
    }
    batch.refuse('malformed', 'Line 4 is no JSON object: "bob@example.com"')
    stage.apply(batch)
    expect([0, 1, 2].map((row) => [batch.body.text(row), scrubbedKindsOf(batch.scrubbed.u8(row))])).toEqual([
      ['clean line', []],
      ['mail [scrubbed:email]', ['email']],
      ['plain', ['secret', 'email']],
    ])
    expect(batch.resources[0]?.attributes).toEqual([
      ['owner', '[scrubbed:email]'],
      ['service.name', 'shop'],
    ])
    expect(batch.resource.u32(0)).toBe(resource.low)
    expect(batch.examples[0]?.text).toBe('Line 4 is no JSON object: "[scrubbed:email]"')
    const { keys, values } = batch.attributes
    const of = (name: string): string => values.text(batch.attributes.find(2, keys.words.internString(name)))
    expect(['password', 'has_password', 'session.id'].map(of)).toEqual(['[scrubbed:secret]', 'true', 's-1'])
    const written = everyText(batch)
    expect(['bob@', 'hunter2', 'clean line', 'shop'].map((text) => written.includes(text))).toEqual([false, false, true, true])
  })

  test('of what people wrote: the address that the author gave to be answered stays, and nothing else', () => {
    const contact = (source: string, rules: ScrubbingPolicy['rules'] = [], address = 'ada@example.org'): (string | string[])[] => {
      policy = new CompiledPolicy({ ...defaultPolicy, rules })
      const batch = new LogsBatch()
      batch.begin(tenant, nowMs)
      for (const from of ['otlp', source]) {
        batch.time(nowMs / 1000, 0)
        batch.from(makeResource([]))
        batch.source.pushString(from)
        batch.body.pushString('write to bob@example.com')
        batch.attribute('user.name', 'bob@example.com')
        batch.attribute('user.email', address)
        batch.endRow()
      }
      stage.apply(batch)
      policy = new CompiledPolicy(defaultPolicy)
      const { keys, values } = batch.attributes
      const of = (row: number, name: string): string => values.text(batch.attributes.find(row, keys.words.internString(name)))
      return [of(0, 'user.email'), of(1, 'user.email'), of(1, 'user.name'), batch.body.text(1)]
    }
    const gone = '[scrubbed:email]'
    const others = [gone, 'write to [scrubbed:email]']
    expect(contact('sentry-feedback')).toEqual([gone, 'ada@example.org', ...others])
    expect(contact('sentry')).toEqual([gone, gone, ...others])
    // What is no address is looked through like everything else.
    expect(contact('sentry-feedback', [], 'token=abc a@b.cd')[1]).toBe('token=[scrubbed:secret] [scrubbed:email]')
    // Own rules hold for it too.
    const field = { name: 'mail', kind: 'field', value: 'user.email', enabled: true } as const
    expect(contact('sentry-feedback', [field])[1]).toBe('[scrubbed:mail]')
    expect(contact('sentry-feedback', [{ ...field, kind: 'pattern', value: '^ada' }])[1]).toBe('[scrubbed:mail]@example.org')
  })

  test('of spans: names, status texts, events', () => {
    policy = new CompiledPolicy({ ...defaultPolicy, rules: [{ name: 'user', kind: 'field', value: 'user.name', enabled: true }] })
    const batch = new SpansBatch()
    batch.begin(tenant, nowMs)
    for (const name of ['GET /u/bob@example.com', 'GET /u/{id}']) {
      batch.time(nowMs / 1000, 0)
      batch.from(makeResource([]))
      batch.name.pushString(name)
      batch.statusMessage.pushString(`failed: token=abc for ${name}`)
      batch.events.pushString(JSON.stringify([{ name: 'e', attributes: { 'user.name': 'Bob', mail: 'bob@example.com' } }]))
      batch.endRow()
    }
    stage.apply(batch)
    expect([batch.name.text(0), batch.name.text(1)]).toEqual(['GET /u/[scrubbed:email]', 'GET /u/{id}'])
    expect(batch.statusMessage.text(1)).toBe('failed: token=[scrubbed:secret] for GET /u/{id}')
    expect(JSON.parse(batch.events.text(0))).toEqual([
      { name: 'e', attributes: { 'user.name': '[scrubbed:user]', mail: '[scrubbed:email]' } },
    ])
    expect(scrubbedKindsOf(batch.scrubbed.u8(1))).toEqual(['secret', 'email', 'rule'])
    expect(everyText(batch)).not.toContain('ob@example')
    policy = new CompiledPolicy(defaultPolicy)
  })
})
