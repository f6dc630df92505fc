/** How a job or a discovery fetches: authorization, TLS, redirects, headers, as Prometheus' `http_config` writes them. */
import { resolve } from 'node:path'
import type { Authorization, HttpSettings, SecretSource, TlsSettings } from './config.ts'
import type { YamlMap } from './yaml-reader.ts'

const versions = { TLS10: 'TLSv1', TLS11: 'TLSv1.1', TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const

/** Takes its keys out of `map`; the caller ends it. Relative paths begin at `folder`. Errors: `scrape.config_invalid`. */
export function readHttp(map: YamlMap, folder: string): HttpSettings {
  return {
    authorization: readAuthorization(map, folder),
    tls: readTls(map.take('tls_config')?.map() ?? null, folder),
    followsRedirects: map.take('follow_redirects')?.boolean() ?? true,
    headers: readHeaders(map),
  }
}

function readAuthorization(map: YamlMap, folder: string): Authorization | null {
  const basic = map.take('basic_auth')
  const general = map.take('authorization')
  const token = map.take('bearer_token') ?? map.take('bearer_token_file')
  const [, second] = [basic, general, token].filter((each) => each !== null)
  if (second !== undefined) throw second.wrong('is one way too many: at most one of basic_auth, authorization and bearer_token')
  if (basic !== null) {
    const part = basic.map()
    const username = secretOf(part, 'username', folder)
    const password = secretOf(part, 'password', folder)
    part.end()
    if (username === null) throw basic.wrong('needs a username or username_file')
    return { kind: 'basic', username, password: password ?? { value: '' } }
  }
  if (general !== null) {
    const part = general.map()
    const scheme = part.take('type')?.text() ?? 'Bearer'
    const credentials = secretOf(part, 'credentials', folder)
    part.end()
    if (credentials === null) throw general.wrong('needs credentials or credentials_file')
    return { kind: 'credentials', scheme, credentials }
  }
  const bearer = secretOf(map, 'bearer_token', folder)
  return bearer === null ? null : { kind: 'credentials', scheme: 'Bearer', credentials: bearer }
}

/** `key` or `key_file`. */
function secretOf(map: YamlMap, key: string, folder: string): SecretSource | null {
  const value = map.take(key)
  const file = map.take(`${key}_file`)
  if (value !== null && file !== null) throw file.wrong(`and ${key} are both there: only one can count`)
  if (value !== null) return { value: value.text() }
  return file === null ? null : { file: resolve(folder, file.text()) }
}

function readTls(map: YamlMap | null, folder: string): TlsSettings {
  if (map === null) return { ca: null, certificate: null, key: null, serverName: null, isUnverified: false, minVersion: null }
  const minVersion = map.take('min_version')?.oneOf('TLS10', 'TLS11', 'TLS12', 'TLS13')
  const tls = {
    ca: secretOf(map, 'ca', folder),
    certificate: secretOf(map, 'cert', folder),
    key: secretOf(map, 'key', folder),
    serverName: map.take('server_name')?.text() ?? null,
    isUnverified: map.take('insecure_skip_verify')?.boolean() ?? false,
    minVersion: minVersion === undefined ? null : versions[minVersion],
  }
  map.end()
  return tls
}

/** `http_headers: { name: { values, secrets, files } }`; only values and secrets, the last of several counts. */
function readHeaders(map: YamlMap): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of map.take('http_headers')?.map().entries() ?? []) {
    const part = value.map()
    const values = [...(part.take('values')?.texts() ?? []), ...(part.take('secrets')?.texts() ?? [])]
    part.end()
    headers[name] = values.join(', ')
  }
  return headers
}
