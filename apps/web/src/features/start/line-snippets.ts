/** Lines of logs: from files, by JSON lines, Loki's protocol and syslog. */
import { proposedPorts, type Snippet, type SnippetFacts } from './snippet-model.ts'

/** One line, to see it arrive. */
export const logLine = ({ origin, key }: SnippetFacts): string => `curl -i ${origin}/v1/logs/jsonl \\
  -H 'x-bellwether-key: ${key}' \\
  --data-binary '{"level": "info", "service": "hello", "message": "it works"}'`

const file = ({ origin, key }: SnippetFacts): string => `bellwether send logs /var/log/app.log --service app --url ${origin} --key ${key}`

const jsonLines = ({ origin, key }: SnippetFacts): string => `curl -i ${origin}/v1/logs/jsonl \\
  -H 'x-bellwether-key: ${key}' \\
  --data-binary @app.jsonl`

const loki = ({ origin, key }: SnippetFacts): string => `clients:
  - url: ${origin}/loki/api/v1/push
    bearer_token: ${key}`

/** The key goes as structured data: syslog has no other place for it. */
const syslog = ({ origin, key, ports }: SnippetFacts): string => `template(name="bellwether" type="string"
  string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% %APP-NAME% %PROCID% - [bellwether@32473 key=\\"${key}\\"] %msg%\\n")
*.* action(type="omfwd" target="${new URL(origin).hostname}" port="${ports.syslog ?? proposedPorts.syslog}" protocol="tcp" template="bellwether")`

const logger = ({
  origin,
  key,
  ports,
}: SnippetFacts): string => `logger --server ${new URL(origin).hostname} --port ${ports.syslog ?? proposedPorts.syslog} --tcp --rfc5424 \\
  --sd-id bellwether@32473 --sd-param 'key="${key}"' 'it works'`

/** Lines of logs, from files and from what sends them already. */
export function lineSnippets(facts: SnippetFacts): readonly Snippet[] {
  return [
    {
      id: 'file',
      label: 'A log file',
      steps: [{ title: 'Follows the file through rotations and remembers its place', code: file(facts) }],
    },
    { id: 'json-lines', label: 'JSON lines', steps: [{ title: 'One JSON object a line, as many as there are', code: jsonLines(facts) }] },
    { id: 'loki', label: 'Loki push', steps: [{ title: 'Promtail, Alloy and others: change the address', code: loki(facts) }] },
    {
      id: 'syslog',
      label: 'Syslog',
      steps: [
        ...(facts.ports.syslog === null
          ? [{ title: 'Start Bellwether with a port for it', code: `BELLWETHER_SYSLOG_PORT=${proposedPorts.syslog} npm start` }]
          : []),
        { title: '/etc/rsyslog.d/bellwether.conf', code: syslog(facts) },
        { title: 'Or one line by hand', code: logger(facts) },
      ],
    },
  ]
}
