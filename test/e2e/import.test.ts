/**
 * Lines and files into the started program: the InfluxDB client, the command, and the page in Chromium (mapping, progress, what was refused, going
 * on after a reload, cancelling); what arrived is asked with PromQL.
 */
import { InfluxDB, Point } from '@influxdata/influxdb-client'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runBellwether, startBellwether, type RunningBellwether } from '../support/bellwether.ts'
import { axeViolations, enterFirst, keepPicture, launchBrowser, visit } from '../support/browser.ts'
import { chromiumPath, mayBeMissing } from '../support/services.ts'

const password = 'correct horse battery staple'
const rows = 2000

let bellwether: RunningBellwether
let folder: string

beforeAll(async () => {
  bellwether = await startBellwether({ environment: { BELLWETHER_SELF_WATCH: 'off' } })
  folder = mkdtempSync(join(tmpdir(), 'bellwether-import-'))
})
afterAll(async () => {
  await bellwether?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

/** Rows of ten hosts, one a second and ending a minute ago, and a row without a time. */
function table(metric: string): string {
  const firstSec = Math.floor(Date.now() / 1000) - 60 - rows
  const lines = Array.from({ length: rows }, (_unused, i) => `${firstSec + i},h${i % 10},${i}.5,x\n`)
  return `time,host,${metric},note\n${lines.join('')}never,h1,1,x\n`
}

async function ask(query: string): Promise<Record<string, string>> {
  const answer = await bellwether.fetch(`/api/v1/query?query=${encodeURIComponent(query)}`)
  const { data } = (await answer.json()) as { data: { result: { metric: Record<string, string>; value: [number, string] }[] } }
  return Object.fromEntries(data.result.map(({ metric, value }) => [JSON.stringify(metric), value[1]]))
}

test('points of the InfluxDB client are answered by PromQL', async () => {
  const api = new InfluxDB({ url: bellwether.url, token: bellwether.ingestKey }).getWriteApi('any', 'shop', 'ms', { gzipThreshold: 1 })
  api.useDefaultTags({ host: 'a b' })
  for (let i = 0; i < 100; i++) {
    api.writePoint(
      new Point('cpu')
        .floatField('idle', 98.39999999999418)
        .intField('ticks', i)
        .stringField('state', 'on')
        .timestamp(Date.now() - 100 + i),
    )
  }
  await api.close()
  expect(await ask('cpu_idle')).toEqual({ '{"__name__":"cpu_idle","db":"shop","host":"a b"}': '98.39999999999418' })
  expect(await ask('count_over_time(cpu_ticks{host="a b"}[5m])')).toEqual({ '{"db":"shop","host":"a b"}': '100' })
  const refused = (await (await bellwether.fetch('/api/0/projects/1/refused')).json()) as { items: { reason: string; protocol: string }[] }
  expect(refused.items.map(({ reason, protocol }) => [reason, protocol])).toEqual([['string_field', 'influx']])
})

test('the command imports a packed file, names what it refused, and finds everything there the second time', async () => {
  const path = join(folder, 'power.csv.gz')
  writeFileSync(path, gzipSync(table('watts')))
  for (const [stored, before] of [
    [rows, 0],
    [0, rows],
  ]) {
    const run = runBellwether(['import', path, '--token', bellwether.adminToken, '--url', bellwether.url, '--name', 'power'])
    expect(await run.exited).toBe(0)
    expect(run.stdout()).toBe(`done: ${rows + 2} lines; ${stored} samples stored, ${before} there before, refused invalid_time: 1\n`)
    expect(run.stderr()).toContain(`line ${rows + 2}: "never" in column "time" is not a time`)
  }
  expect(await ask('count(count_over_time(power[2h]))')).toEqual({ '{}': '10' })
  expect(await ask('sum(count_over_time(power[2h]))')).toEqual({ '{}': String(rows) })
})

test('the command says what is wrong', async () => {
  const path = join(folder, 'none.csv')
  writeFileSync(path, 'a,b\n1,2\n')
  const commands = [
    ['import', path, '--token', bellwether.adminToken, '--url', bellwether.url],
    ['import', path, '--token', 'wrong', '--url', bellwether.url],
    ['import', path],
  ].map((args) => runBellwether(args))
  expect(await Promise.all(commands.map(({ exited }) => exited))).toEqual([1, 1, 2])
  expect(commands[0]?.stderr()).toContain('No column is named like a time')
  expect(commands[1]?.stderr()).toContain('import.refused')
})

describe.skipIf(mayBeMissing('Chromium', chromiumPath))('the page', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
  })

  test('shows what a file becomes, imports it, goes on after a reload, and cancels', async () => {
    await using visitor = await visit(browser, { theme: 'light' })
    const { page } = visitor
    await enterFirst(visitor, () => bellwether.stdout(), password)
    await page.goto(`${bellwether.url}/p/1/data/import`)

    const file = page.getByLabel('File to import')
    await file.setInputFiles({ name: 'odd.csv', mimeType: 'text/csv', buffer: Buffer.from(`when,v\n${Math.floor(Date.now() / 1000)},7\n`) })
    await page.getByText('No column is named like a time').waitFor()
    await page.getByLabel('when', { exact: true }).and(page.locator('input')).click()
    await page.getByRole('option', { name: 'Time', exact: true }).click()
    await page.getByLabel('v', { exact: true }).and(page.locator('input')).click()
    await page.getByRole('option', { name: 'Value', exact: true }).click()
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByRole('listitem', { name: 'odd.csv' }).getByText('1 samples stored').waitFor()

    await file.setInputFiles({ name: 'heat.csv', mimeType: 'text/csv', buffer: Buffer.from(table('celsius')) })
    const preview = page.getByRole('table', { name: 'first rows' })
    await preview.getByText('celsius{host="h0", note="x"}').first().waitFor()
    await page.getByLabel('note', { exact: true }).and(page.locator('input')).click()
    await page.getByRole('option', { name: 'Left out' }).click()
    await page.getByLabel('Name of the metric').fill('heat')
    await preview.getByText('heat{host="h0"}', { exact: true }).first().waitFor()
    expect(await axeViolations(page)).toEqual([])
    await keepPicture(page, 'import-preview')
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    const heat = page.getByRole('listitem', { name: 'heat.csv' })
    await heat.getByText('Done').waitFor()
    await heat.getByText('2,000 samples stored').waitFor()
    await heat.getByText('The first lines that were refused').click()
    await heat.getByText('"never" in column "time" is not a time').waitFor()
    expect(await axeViolations(page)).toEqual([])
    await keepPicture(page, 'import-done')
    expect(await ask('sum(count_over_time(heat[2h]))')).toEqual({ '{}': String(rows) })

    // Tabs between the columns, and a comma in a column's name that people map themselves.
    const sec = Math.floor(Date.now() / 1000)
    const tabbed = `time\thost\t"power, kW"\t"heat, °C"\n${sec}\ta\t7\t8\n`
    await file.setInputFiles({ name: 'plant.tsv', mimeType: 'text/tab-separated-values', buffer: Buffer.from(tabbed) })
    await page.getByLabel('Between the columns').and(page.locator('input[value="Tab"]')).waitFor()
    await page.getByLabel('heat, °C', { exact: true }).and(page.locator('input')).click()
    await page.getByRole('option', { name: 'Left out' }).click()
    await page.getByLabel('Name of the metric').fill('plant_power')
    await preview.getByText('plant_power{host="a"}', { exact: true }).waitFor()
    await keepPicture(page, 'import-tabs')
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByRole('listitem', { name: 'plant.tsv' }).getByText('1 samples stored').waitFor()
    expect(await ask('plant_power')).toEqual({ '{"__name__":"plant_power","host":"a"}': '7' })

    // Who leaves the page while a file is sent finds it going on.
    let goOn = (): void => {}
    const held = new Promise<void>((resolve) => (goOn = resolve))
    await page.route('**/metrics/import?*offset=0*', async (route) => {
      await held
      await route.continue()
    })
    await file.setInputFiles({ name: 'slow.csv', mimeType: 'text/csv', buffer: Buffer.from(table('slow')) })
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    const slow = page.getByRole('listitem', { name: 'slow.csv' })
    await slow.getByText('Running').waitFor()
    await page.getByRole('link', { name: 'Usage' }).first().click()
    await page.getByRole('heading', { name: 'Usage', level: 1 }).waitFor()
    await page.goBack()
    await page.getByText('slow.csv is being sent').waitFor()
    await slow.getByText('Running').waitFor()
    expect(await page.getByText('Choose the same file again').count()).toBe(0)
    expect(await page.getByRole('button', { name: 'Choose a file' }).isDisabled()).toBe(true)
    await keepPicture(page, 'import-sending')
    goOn()
    await slow.getByText('Done').waitFor()
    expect(await ask('sum(count_over_time(slow[2h]))')).toEqual({ '{}': String(rows) })

    // An import that was begun by a page that is gone.
    const begun = Buffer.from(table('humidity'))
    const opened = await bellwether.fetch(`/api/0/projects/1/metrics/import?format=csv&file=wet.csv&size=${begun.byteLength}&more=true`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: begun.subarray(0, 1000).toString(),
    })
    expect(opened.status).toBe(200)
    await page.reload()
    const wet = page.getByRole('listitem', { name: 'wet.csv' })
    await wet.getByText('Choose the same file again').waitFor()
    await keepPicture(page, 'import-running')
    await file.setInputFiles({ name: 'wet.csv', mimeType: 'text/csv', buffer: begun })
    await page.getByRole('button', { name: 'Go on with it' }).click()
    await wet.getByText('Done').waitFor()
    expect(await ask('sum(count_over_time(humidity[2h]))')).toEqual({ '{}': String(rows) })

    await bellwether.fetch('/api/0/projects/1/metrics/import?file=gone.csv&size=10&more=true', { method: 'POST', body: 'time,v\n' })
    await page.reload()
    await page.getByRole('button', { name: 'Cancel the import of gone.csv' }).click()
    await page.getByRole('listitem', { name: 'gone.csv' }).getByText('Cancelled').waitFor()
    expect(visitor.troubles).toEqual([])
  })
})
