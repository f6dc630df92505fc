/** The shortest ways to send logs, with the project's real key and this server's address in them. */

export interface LogSnippetFacts {
  /** Scheme, host and port of this server, without a slash at the end. */
  readonly origin: string
  readonly key: string
}

export interface LogSnippet {
  readonly id: string
  readonly label: string
  /** What the code is for, one line. */
  readonly about: string
  readonly code: string
}

const curl = ({ origin, key }: LogSnippetFacts): string => `curl -i ${origin}/v1/logs/jsonl \\
  -H 'x-bellwether-key: ${key}' \\
  --data-binary @- <<'LINES'
{"level": "info", "service": "checkout", "message": "order placed", "order": 4711, "duration_ms": 38}
{"level": "error", "service": "checkout", "message": "payment refused: card expired", "order": 4712}
LINES`

const file = ({ origin, key }: LogSnippetFacts): string =>
  `bellwether send logs --url ${origin} --key ${key} --service checkout /var/log/checkout.log`

const otlp = ({ origin, key }: LogSnippetFacts): string => `export OTEL_SERVICE_NAME=checkout
export OTEL_LOGS_EXPORTER=otlp
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_ENDPOINT=${origin}
export OTEL_EXPORTER_OTLP_HEADERS=x-bellwether-key=${key}`

const collector = ({ origin, key }: LogSnippetFacts): string => `receivers:
  filelog:
    include: [/var/log/checkout/*.log]

exporters:
  otlphttp/bellwether:
    endpoint: ${origin}
    headers:
      x-bellwether-key: ${key}

service:
  pipelines:
    logs:
      receivers: [filelog]
      exporters: [otlphttp/bellwether]`

const promtail = ({ origin, key }: LogSnippetFacts): string => `clients:
  - url: ${origin}/loki/api/v1/push
    bearer_token: ${key}

scrape_configs:
  - job_name: checkout
    static_configs:
      - targets: [localhost]
        labels: {service: checkout, __path__: /var/log/checkout/*.log}`

const vector = ({ origin, key }: LogSnippetFacts): string => `[sinks.bellwether]
type = "loki"
inputs = ["your_source"]
endpoint = "${origin}"
encoding.codec = "json"
labels.service = "checkout"
auth.strategy = "bearer"
auth.token = "${key}"`

/** The most direct way first. */
export function logSnippets(facts: LogSnippetFacts): readonly LogSnippet[] {
  return [
    { id: 'curl', label: 'curl', about: 'JSON lines by hand: two lines, to see them arrive.', code: curl(facts) },
    {
      id: 'file',
      label: 'A log file',
      about: 'Follows the file through rotations and remembers its place.',
      code: file(facts),
    },
    {
      id: 'otlp',
      label: 'OpenTelemetry',
      about: 'For a program with an OpenTelemetry SDK; its logger then needs no change.',
      code: otlp(facts),
    },
    {
      id: 'collector',
      label: 'OTel Collector',
      about: 'collector.yaml: files, and whatever else the collector reads.',
      code: collector(facts),
    },
    { id: 'loki', label: 'Promtail, Alloy', about: 'Whatever pushes to Loki pushes here: change its address.', code: promtail(facts) },
    { id: 'vector', label: 'Vector', about: 'vector.toml, through the Loki sink.', code: vector(facts) },
  ]
}
