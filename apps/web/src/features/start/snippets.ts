/** Snippets that send a first data point, with the project's real key and this server's address in them. */
import { lineSnippets, logLine } from './line-snippets.ts'
import { sentrySnippet } from './sentry-snippet.ts'
import { proposedPorts, type Snippet, type SnippetFacts } from './snippet-model.ts'

function environment({ origin, key }: SnippetFacts): string {
  return [
    'export OTEL_SERVICE_NAME=my-service',
    'export OTEL_METRICS_EXPORTER=otlp OTEL_TRACES_EXPORTER=otlp OTEL_LOGS_EXPORTER=otlp',
    'export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
    `export OTEL_EXPORTER_OTLP_ENDPOINT=${origin}`,
    `export OTEL_EXPORTER_OTLP_HEADERS=x-bellwether-key=${key}`,
    'export OTEL_METRIC_EXPORT_INTERVAL=10000',
  ].join('\n')
}

const collector = ({ origin, key }: SnippetFacts): string => `receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 127.0.0.1:14317
  hostmetrics:
    collection_interval: 15s
    scrapers:
      cpu:
      memory:
      filesystem:
      network:
      load:

processors:
  batch:

exporters:
  otlphttp/bellwether:
    endpoint: ${origin}
    headers:
      x-bellwether-key: ${key}

service:
  pipelines:
    metrics:
      receivers: [otlp, hostmetrics]
      processors: [batch]
      exporters: [otlphttp/bellwether]
    traces:
      receivers: [otlp]
      processors: [batch]
      exporters: [otlphttp/bellwether]
    logs:
      receivers: [otlp]
      processors: [batch]
      exporters: [otlphttp/bellwether]`

const prometheus = ({ origin, key }: SnippetFacts): string => `remote_write:
  - url: ${origin}/api/v1/write
    authorization:
      credentials: ${key}
    send_exemplars: true
    send_native_histograms: true`

const curl = ({ origin, key }: SnippetFacts): string => `curl -i ${origin}/v1/metrics \\
  -H 'content-type: application/json' \\
  -H 'x-bellwether-key: ${key}' \\
  -d '{
    "resourceMetrics": [{
      "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "hello"}}]},
      "scopeMetrics": [{"metrics": [{
        "name": "hello.temperature", "unit": "Cel",
        "gauge": {"dataPoints": [{"asDouble": 21.5, "timeUnixNano": "'$(date +%s)'000000000"}]}
      }]}]
    }]
  }'`

const go = `package main

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/sdk/metric"
)

func main() {
	ctx := context.Background()
	exporter, err := otlpmetrichttp.New(ctx) // address and key come from the environment
	if err != nil {
		panic(err)
	}
	reader := metric.NewPeriodicReader(exporter, metric.WithInterval(10*time.Second))
	provider := metric.NewMeterProvider(metric.WithReader(reader))
	defer provider.Shutdown(ctx)
	otel.SetMeterProvider(provider)

	orders, _ := otel.Meter("shop").Int64Counter("shop.orders")
	for {
		orders.Add(ctx, 1)
		time.Sleep(time.Second)
	}
}`

/** The key goes as a tag: UDP has no other place for it. */
const statsd = ({ origin, key, ports }: SnippetFacts): string => `import { StatsD } from 'hot-shots'

const statsd = new StatsD({
  host: '${new URL(origin).hostname}',
  port: ${ports.statsd ?? proposedPorts.statsd},
  globalTags: { bellwether_key: '${key}' },
})
statsd.increment('hello.requests', { route: '/' })
statsd.timing('hello.duration', 42)`

const statsdLine = ({ origin, key, ports }: SnippetFacts): string =>
  `echo 'hello.requests:1|c|#route:/,bellwether_key:${key}' | nc -u -w1 ${new URL(origin).hostname} ${ports.statsd ?? proposedPorts.statsd}`

const influxLine = ({ origin, key }: SnippetFacts): string => `curl -i '${origin}/api/v2/write?precision=s' \\
  -H 'authorization: Token ${key}' \\
  --data-binary "weather,city=Oslo temperature=3.5 $(date +%s)"`

const telegraf = ({ origin, key }: SnippetFacts): string => `[[outputs.influxdb_v2]]
  urls = ["${origin}"]
  token = "${key}"
  organization = "any"
  bucket = "telegraf"`

const scrapeFile = ({ project }: SnippetFacts): string => `scrape_configs:
  - job_name: node
    project: ${project}
    scrape_interval: 15s
    static_configs:
      - targets: ['127.0.0.1:9100']`

const library = ({ origin, key, project }: SnippetFacts): string => `import { createMetricsCollector } from '@bellwether/client'

const metrics = createMetricsCollector({
  url: '${origin}',
  project: ${project},
  key: '${key}',
  flushOnExit: true,
})
metrics.record({ name: 'orders', type: 'counter', value: 1, tags: { city: 'Oslo' } })
metrics.recordMetric('d:custom/render@millisecond', 12.5)`

const record = ({ origin, key, project }: SnippetFacts): string => `curl -i ${origin}/api/0/projects/${project}/metrics \\
  -H 'content-type: application/json' -H 'x-bellwether-key: ${key}' \\
  -d '[{"name": "orders", "type": "counter", "value": 1, "tags": {"city": "Oslo"}}]'`

/** Every way we show, the most common first. */
export function snippetsFor(facts: SnippetFacts): readonly Snippet[] {
  return [...sdkSnippets(facts), ...agentSnippets(facts)]
}

/** Programs with an OpenTelemetry SDK. */
function sdkSnippets(facts: SnippetFacts): readonly Snippet[] {
  const env = { title: 'Say where to send', code: environment(facts) }
  return [
    {
      id: 'node',
      label: 'Node.js',
      steps: [
        { title: 'Install', code: 'npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node' },
        env,
        { title: 'Start your program', code: 'node --require @opentelemetry/auto-instrumentations-node/register app.js' },
      ],
    },
    {
      id: 'python',
      label: 'Python',
      steps: [
        {
          title: 'Install',
          code: 'pip install opentelemetry-distro opentelemetry-exporter-otlp\nopentelemetry-bootstrap --action=install',
        },
        env,
        { title: 'Start your program', code: 'opentelemetry-instrument python app.py' },
      ],
    },
    {
      id: 'go',
      label: 'Go',
      steps: [
        {
          title: 'Install',
          code: 'go get go.opentelemetry.io/otel go.opentelemetry.io/otel/sdk/metric \\\n  go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp',
        },
        env,
        { title: 'main.go', code: go },
      ],
    },
    {
      id: 'java',
      label: 'Java',
      steps: [
        {
          title: 'Download the agent',
          code: 'curl -LO https://github.com/open-telemetry/opentelemetry-java-instrumentation/releases/latest/download/opentelemetry-javaagent.jar',
        },
        env,
        { title: 'Start your program', code: 'java -javaagent:opentelemetry-javaagent.jar -jar app.jar' },
      ],
    },
  ]
}

/** Agents, protocols and single requests. */
function agentSnippets(facts: SnippetFacts): readonly Snippet[] {
  return [
    {
      id: 'collector',
      label: 'OTel Collector',
      steps: [
        { title: 'collector.yaml: this host, and whatever sends to the collector', code: collector(facts) },
        { title: 'Start it', code: 'otelcol-contrib --config collector.yaml' },
      ],
    },
    {
      id: 'statsd',
      label: 'StatsD',
      steps: [
        ...(facts.ports.statsd === null
          ? [{ title: 'Start Bellwether with a port for it', code: `BELLWETHER_STATSD_PORT=${proposedPorts.statsd} npm start` }]
          : []),
        { title: 'From a shell (UDP; shown after ten seconds)', code: statsdLine(facts) },
        { title: 'Or from a program, with any StatsD or DogStatsD client', code: statsd(facts) },
      ],
    },
    {
      id: 'influx',
      label: 'Influx, Telegraf',
      steps: [
        { title: 'telegraf.conf', code: telegraf(facts) },
        { title: 'Or one line by hand', code: influxLine(facts) },
      ],
    },
    {
      id: 'scrape',
      label: 'Scraping',
      steps: [
        { title: 'scrape.yml: what Prometheus calls scrape_configs', code: scrapeFile(facts) },
        { title: 'Start Bellwether with it; Data → Targets shows how it goes', code: 'BELLWETHER_SCRAPE_CONFIG=scrape.yml npm start' },
      ],
    },
    {
      id: 'prometheus',
      label: 'Prometheus',
      steps: [
        { title: 'Add to prometheus.yml', code: prometheus(facts) },
        { title: 'Load it', code: 'kill -HUP $(pidof prometheus)' },
      ],
    },
    {
      id: 'library',
      label: 'Client library',
      steps: [
        { title: 'In a program or a page', code: library(facts) },
        { title: 'Or by hand', code: record(facts) },
      ],
    },
    sentrySnippet(facts),
    ...lineSnippets(facts),
    {
      id: 'curl',
      label: 'curl',
      steps: [
        { title: 'One data point by hand', code: curl(facts) },
        { title: 'One log line by hand', code: logLine(facts) },
      ],
    },
  ]
}
