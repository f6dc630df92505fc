/** What a new installation prints: how the first metrics, logs and traces come here from the same machine. */

export function firstDataLines(url: string): readonly string[] {
  return [
    'Send the first metrics, logs and traces from this machine, with any OpenTelemetry SDK or collector:',
    `  OTEL_EXPORTER_OTLP_ENDPOINT=${url} OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf OTEL_METRICS_EXPORTER=otlp OTEL_LOGS_EXPORTER=otlp OTEL_TRACES_EXPORTER=otlp <your program>`,
    'or from a Prometheus server:',
    `  remote_write: [{ url: "${url}/api/v1/write" }]`,
    'or from a log file, as it grows:',
    `  npx bellwether send logs --url ${url} <file>`,
    'or look around first, in a small shop with a week of history and an incident:',
    `  npx bellwether demo --url ${url}`,
  ]
}
