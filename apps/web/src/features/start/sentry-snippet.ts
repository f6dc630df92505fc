/** Errors, traces and sessions by Sentry's SDKs: the project's DSN, and where source maps go. */
import type { Snippet, SnippetFacts } from './snippet-model.ts'

/** `https://<key>@host/<project>`, with the path of the public address before the project. */
export function dsnOf({ origin, key, project }: SnippetFacts): string {
  const url = new URL(origin)
  return `${url.protocol}//${key}@${url.host}${url.pathname.replace(/\/$/, '')}/${project}`
}

const node = (facts: SnippetFacts): string => `import * as Sentry from '@sentry/node'

Sentry.init({
  dsn: '${dsnOf(facts)}',
  release: 'shop@1.2.3',
  environment: 'production',
  tracesSampleRate: 0.2,
  enableLogs: true,
})`

const browser = (facts: SnippetFacts): string => `import * as Sentry from '@sentry/browser'

Sentry.init({
  dsn: '${dsnOf(facts)}',
  release: 'shop@1.2.3',
  integrations: [Sentry.browserTracingIntegration()],
  tracesSampleRate: 0.2,
})`

const upload = ({ origin, project }: SnippetFacts): string => `cd dist
for map in $(find . -name '*.js.map'); do
  jq -n --arg release shop@1.2.3 --arg name "~/\${map#./}" --rawfile map "$map" \\
    '{release: $release, name: $name, map: $map}' |
  curl -fsS ${origin}/api/0/projects/${project}/source-maps \\
    -H "authorization: Bearer $BELLWETHER_TOKEN" -H 'content-type: application/json' --data-binary @-
done`

/** The organization's slug is that of the first one; others see theirs under Settings → Projects. */
const tool = ({ origin, project }: SnippetFacts): string => `export SENTRY_URL=${origin} SENTRY_AUTH_TOKEN=$BELLWETHER_TOKEN
export SENTRY_ORG=default SENTRY_PROJECT=${project}   # the slug of your organization: Settings → Projects
npx @sentry/cli sourcemaps inject dist
npx @sentry/cli sourcemaps upload --release shop@1.2.3 dist
npx @sentry/cli releases new shop@1.2.3 && npx @sentry/cli releases finalize shop@1.2.3
npx @sentry/cli deploys new --release shop@1.2.3 -e production`

export function sentrySnippet(facts: SnippetFacts): Snippet {
  return {
    id: 'sentry',
    label: 'Sentry SDK',
    steps: [
      { title: 'The DSN of this project', code: dsnOf(facts) },
      { title: 'In a Node program', code: node(facts) },
      { title: 'In a page', code: browser(facts) },
      { title: 'After a build: source maps, release and deploy, with an API token that may write', code: tool(facts) },
      { title: 'Or its source maps alone, without a tool', code: upload(facts) },
    ],
  }
}
