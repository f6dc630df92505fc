/** A page that reports to the DSN in its address by Sentry's SDK for browsers. Bundled and minified by the test, with a source map. */
import * as Sentry from '@sentry/browser'

interface Item {
  readonly price?: { readonly amount: number }
}

function amountOfItem(item: Item): number {
  // What is thrown on purpose: an item without a price.
  return (item.price as { readonly amount: number }).amount
}

export function sumOfBasket(items: readonly Item[]): number {
  let sum = 0
  for (const item of items) sum += amountOfItem(item)
  return sum
}

const query = new URLSearchParams(window.location.search)
Sentry.init({
  dsn: query.get('dsn') ?? '',
  release: query.get('release') ?? '',
  environment: 'test',
  integrations: [Sentry.browserTracingIntegration()],
  tracesSampleRate: 1,
})
document.querySelector('button')?.addEventListener('click', () => {
  document.title = String(sumOfBasket([{ price: { amount: 1 } }, {}]))
})
