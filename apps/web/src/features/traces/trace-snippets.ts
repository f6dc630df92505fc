/** The shortest ways to send traces, with the project's real key and this server's address in them. */

export interface TraceSnippet {
  readonly id: string
  readonly label: string
  readonly code: string
}

interface Facts {
  /** Scheme, host and port of this server, without a slash at the end. */
  readonly origin: string
  readonly key: string
}

function environment({ origin, key }: Facts): string {
  return `export OTEL_SERVICE_NAME=checkout
export OTEL_TRACES_EXPORTER=otlp
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_ENDPOINT=${origin}
export OTEL_EXPORTER_OTLP_HEADERS=x-bellwether-key=${key}`
}

export function traceSnippets(facts: Facts): readonly TraceSnippet[] {
  const { origin, key } = facts
  return [
    {
      id: 'node',
      label: 'Node.js',
      code: `npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node

${environment(facts)}
node --require @opentelemetry/auto-instrumentations-node/register server.js`,
    },
    {
      id: 'python',
      label: 'Python',
      code: `pip install opentelemetry-distro opentelemetry-exporter-otlp
opentelemetry-bootstrap -a install

${environment(facts)}
opentelemetry-instrument python server.py`,
    },
    {
      id: 'java',
      label: 'Java',
      code: `${environment(facts)}
java -javaagent:opentelemetry-javaagent.jar -jar server.jar`,
    },
    {
      id: 'collector',
      label: 'Collector',
      code: `exporters:
  otlphttp/bellwether:
    endpoint: ${origin}
    headers:
      x-bellwether-key: ${key}

service:
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [otlphttp/bellwether]`,
    },
    {
      id: 'curl',
      label: 'curl',
      code: `NOW=$(date +%s); ID=$(od -An -tx1 -N16 /dev/urandom | tr -d ' \\n')
curl -i ${origin}/v1/traces -H 'x-bellwether-key: ${key}' -H 'content-type: application/json' -d '{
  "resourceSpans": [{
    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "checkout"}}]},
    "scopeSpans": [{"spans": [{
      "traceId": "'$ID'", "spanId": "'\${ID:0:16}'", "name": "GET /cart", "kind": 2,
      "startTimeUnixNano": "'$NOW'000000000", "endTimeUnixNano": "'$NOW'250000000"
    }]}]
  }]
}'`,
    },
  ]
}
