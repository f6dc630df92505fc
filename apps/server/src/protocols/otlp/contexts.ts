/**
 * What the points of one metric of one scope of one resource share: name, kind, the labels of resource and scope. Found by the raw
 * bytes of resource, scope and metric header, so that nothing is parsed twice. A context belongs to one tenant.
 */
import type { Tenant } from '../../kernel/scope.ts'
import type { Labels, MetricMetadata, MetricType } from '../../metrics/index.ts'
import { ByteInterner } from '../decode/byte-interner.ts'
import { firstOtlpContext } from '../decode/contexts.ts'
import { type Refusal, normalizedLabels, shownBytes, textOf } from '../decode/label-text.ts'
import type { ProtocolLimits } from '../limits.ts'
import { ProtoCursor } from '../protobuf/cursor.ts'
import { type Attribute, AttributeReader } from './attributes.ts'
import { type MetricKind, labelName, metricName } from './names.ts'

/** Resource attributes that become labels of every series; `job` and `instance` are made beside them. */
const promotedAttributes: ReadonlySet<string> = new Set([
  'service.name',
  'service.namespace',
  'deployment.environment',
  'deployment.environment.name',
  'host.name',
  'k8s.cluster.name',
  'k8s.namespace.name',
  'k8s.pod.name',
  'k8s.container.name',
  'k8s.node.name',
  'k8s.deployment.name',
  'cloud.region',
])

/** They make `job` and `instance`, so `target_info` need not repeat them. */
const identifyingAttributes: ReadonlySet<string> = new Set(['service.name', 'service.namespace', 'service.instance.id'])

const unitBytesMax = 64

export interface ResourceContext {
  readonly id: number
  /** `job` and `instance`: they win over a point's attribute of that name. */
  readonly identity: readonly Attribute[]
  /** Promoted attributes: a point's attribute of that name wins. */
  readonly promoted: readonly Attribute[]
  /** Labels of `target_info`; null when it would say nothing. */
  readonly targetInfo: Labels | null
  /** Ref of `target_info`, -1 until needed. */
  targetRef: number
  /** Time of the last `target_info` sample, ms. */
  targetMs: number
}

export interface ScopeContext {
  readonly id: number
  readonly resource: ResourceContext
  readonly labels: readonly Attribute[]
  readonly refusal: Refusal | null
}

/** What a metric's message says beside its points; positions in the body. */
export interface MetricHeader {
  kind: MetricKind
  delta: boolean
  nameStart: number
  nameEnd: number
  helpStart: number
  helpEnd: number
  unitStart: number
  unitEnd: number
}

export interface MetricContext {
  /** For `SeriesResolver.lookup`. */
  readonly id: number
  readonly scope: ScopeContext
  readonly kind: MetricKind
  readonly delta: boolean
  /** The Prometheus name without `_bucket`, `_sum`, `_count`. */
  readonly name: string
  readonly metadata: MetricMetadata
  /** Why none of its points can be stored. */
  readonly refusal: Refusal | null
}

const kinds: readonly MetricKind[] = ['gauge', 'sum', 'counter', 'histogram', 'exponential', 'summary']
const metadataTypes: Readonly<Record<MetricKind, MetricType>> = {
  gauge: 'gauge',
  sum: 'gauge',
  counter: 'counter',
  histogram: 'histogram',
  exponential: 'histogram',
  summary: 'summary',
}

export class OtlpContexts {
  readonly #limits: ProtocolLimits
  readonly #attributes: AttributeReader
  readonly #cursor = new ProtoCursor()
  readonly #tenants = new Map<string, number>()
  readonly #resources: ByteInterner<ResourceContext>
  readonly #scopes: ByteInterner<ScopeContext>
  readonly #metrics: ByteInterner<MetricContext>
  #key = new Uint8Array(4096)

  constructor(limits: ProtocolLimits) {
    this.#limits = limits
    this.#attributes = new AttributeReader(limits)
    const bounds = { entriesMax: limits.contextsMax, bytesMax: limits.contextBytesMax }
    this.#resources = new ByteInterner(bounds)
    this.#scopes = new ByteInterner(bounds)
    this.#metrics = new ByteInterner(bounds, firstOtlpContext)
  }

  /** False once context numbers have run out: then nothing may be found by them. */
  get usable(): boolean {
    return !this.#metrics.full
  }

  /** `bytes[start, end)` is the Resource message, empty when there is none. */
  resource(tenant: Tenant, bytes: Uint8Array, start: number, end: number): ResourceContext {
    const parent = this.#tenantNumber(tenant)
    const known = this.#resources.find(parent, bytes, start, end)
    if (known >= 0) return this.#resources.valueAt(known)
    const attributes = this.#attributes.readWhatFits(bytes, start, end, 10)
    return this.#resources.add(parent, bytes, start, end, (id) => makeResource(id, attributes))
  }

  /** `bytes[start, end)` is the InstrumentationScope message, empty when there is none. */
  scope(resource: ResourceContext, bytes: Uint8Array, start: number, end: number): ScopeContext {
    const known = this.#scopes.find(resource.id, bytes, start, end)
    if (known >= 0) return this.#scopes.valueAt(known)
    const labels = this.#scopeLabels(bytes, start, end)
    return this.#scopes.add(resource.id, bytes, start, end, (id) =>
      'reason' in labels ? { id, resource, labels: [], refusal: labels } : { id, resource, labels, refusal: null },
    )
  }

  metric(scope: ScopeContext, bytes: Uint8Array, header: MetricHeader): MetricContext {
    const length = this.#buildKey(bytes, header)
    const known = this.#metrics.find(scope.id, this.#key, 0, length)
    if (known >= 0) return this.#metrics.valueAt(known)
    const made = makeMetric(scope, bytes, header, this.#limits)
    return this.#metrics.add(scope.id, this.#key, 0, length, (id) => ({ ...made, id }))
  }

  #tenantNumber(tenant: Tenant): number {
    const key = `${tenant.organizationId}/${tenant.projectId}`
    const known = this.#tenants.get(key)
    if (known !== undefined) return known
    this.#tenants.set(key, this.#tenants.size + 1)
    return this.#tenants.size
  }

  /** Kind and temporality, then unit, name and help with their lengths; help and unit as far as they are kept. */
  #buildKey(bytes: Uint8Array, header: MetricHeader): number {
    const unitEnd = Math.min(header.unitEnd, header.unitStart + unitBytesMax)
    const nameEnd = Math.min(header.nameEnd, header.nameStart + this.#limits.metricNameBytesMax + 1)
    const helpEnd = Math.min(header.helpEnd, header.helpStart + this.#limits.helpCharsMax)
    const unitLength = unitEnd - header.unitStart
    const nameLength = nameEnd - header.nameStart
    const length = 4 + unitLength + nameLength + (helpEnd - header.helpStart)
    if (length > this.#key.length) this.#key = new Uint8Array(length * 2)
    const key = this.#key
    key[0] = kinds.indexOf(header.kind) * 2 + (header.delta ? 1 : 0)
    key[1] = unitLength
    key[2] = nameLength & 255
    key[3] = nameLength >>> 8
    let at = 4
    for (let from = header.unitStart; from < unitEnd; from++) key[at++] = bytes[from]!
    for (let from = header.nameStart; from < nameEnd; from++) key[at++] = bytes[from]!
    for (let from = header.helpStart; from < helpEnd; from++) key[at++] = bytes[from]!
    return length
  }

  #scopeLabels(bytes: Uint8Array, start: number, end: number): Attribute[] | Refusal {
    const cursor = this.#cursor
    cursor.reset(bytes)
    cursor.pos = start
    cursor.end = end
    let name: string | null = ''
    let version: string | null = ''
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag !== 10 && tag !== 18) {
        cursor.skip(tag)
        continue
      }
      const length = cursor.readLength()
      const text = length > this.#limits.labelValueBytesMax ? null : textOf(bytes, cursor.pos, cursor.pos + length)
      cursor.pos += length
      if (tag === 10) name = text
      else version = text
    }
    cursor.release()
    if (name === null || version === null)
      return { reason: 'invalid_scope', example: 'the scope name or version is too long or not valid UTF-8' }
    const attributes = this.#attributes.readWhatFits(bytes, start, end, 26)
    const labels: Attribute[] = attributes.map(([key, value]) => [`otel_scope_${labelName(key)}`, value])
    labels.push(['otel_scope_name', name], ['otel_scope_version', version])
    return labels
  }
}

function makeResource(id: number, attributes: readonly Attribute[]): ResourceContext {
  const values = new Map(attributes)
  const service = values.get('service.name') ?? ''
  const namespace = values.get('service.namespace') ?? ''
  const identity: Attribute[] = []
  if (service !== '') identity.push(['job', namespace === '' ? service : `${namespace}/${service}`])
  const instance = values.get('service.instance.id') ?? ''
  if (instance !== '') identity.push(['instance', instance])
  const promoted: Attribute[] = []
  for (const [key, value] of attributes) if (promotedAttributes.has(key)) promoted.push([labelName(key), value])
  const others = attributes.filter(([key]) => !identifyingAttributes.has(key))
  const targetInfo = identity.length === 0 || others.length === 0 ? null : targetLabels(identity, others)
  return { id, identity, promoted, targetInfo, targetRef: -1, targetMs: 0 }
}

function targetLabels(identity: readonly Attribute[], others: readonly Attribute[]): Labels {
  const labels = attributeLabels(others)
  for (const [name, value] of identity) labels.set(name, value)
  labels.set('__name__', 'target_info')
  return normalizedLabels([...labels])
}

/** Attributes to labels; those that get the same name are joined with `;` in the order of their keys. */
export function attributeLabels(attributes: readonly Attribute[]): Map<string, string> {
  const labels = new Map<string, string>()
  for (const [key, value] of attributes.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
    const name = labelName(key)
    const before = labels.get(name)
    labels.set(name, before === undefined ? value : `${before};${value}`)
  }
  return labels
}

function makeMetric(scope: ScopeContext, bytes: Uint8Array, header: MetricHeader, limits: ProtocolLimits): Omit<MetricContext, 'id'> {
  const { kind, delta } = header
  const blank = { name: '', type: metadataTypes[kind], unit: '', help: '' }
  const refused = (refusal: Refusal): Omit<MetricContext, 'id'> => ({ scope, kind, delta, name: '', metadata: blank, refusal })
  if (scope.refusal !== null) return refused(scope.refusal)
  const nameLength = header.nameEnd - header.nameStart
  const nameShown = shownBytes(bytes, header.nameStart, header.nameEnd)
  if (nameLength === 0) return refused({ reason: 'metric_name_missing', example: 'a metric has no name' })
  if (nameLength > limits.metricNameBytesMax) {
    return refused({
      reason: 'metric_name_too_long',
      example: `metric name ${nameShown} is longer than ${limits.metricNameBytesMax} bytes`,
    })
  }
  const sent = textOf(bytes, header.nameStart, header.nameEnd)
  const unit = textOf(bytes, header.unitStart, Math.min(header.unitEnd, header.unitStart + unitBytesMax))
  if (sent === null || unit === null)
    return refused({ reason: 'invalid_utf8', example: `metric ${nameShown}: name or unit is not valid UTF-8` })
  const name = metricName(sent, unit, kind)
  if (name === '') return refused({ reason: 'metric_name_invalid', example: `metric name ${nameShown} has no character that can be kept` })
  const helpEnd = Math.min(header.helpEnd, header.helpStart + limits.helpCharsMax)
  const help = Buffer.from(bytes.buffer, bytes.byteOffset + header.helpStart, helpEnd - header.helpStart).toString('utf8')
  return { scope, kind, delta, name, metadata: { name, type: metadataTypes[kind], unit, help }, refusal: null }
}
