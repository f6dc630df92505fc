/** The numbers of the overview and the queries behind them; each opens in Explore. */

export interface OverviewStat {
  readonly id: string
  readonly label: string
  readonly query: string
  /** Share of the whole from which the number is amber and red; null never. */
  readonly warnFrom: number | null
  readonly downFrom: number | null
}

/** `project` is an id: the counters of all projects live in the first one. */
export function overviewStats(project: string): readonly OverviewStat[] {
  const mine = `{project="${project}"}`
  return [
    {
      id: 'received',
      label: 'Records received',
      query: `sum(rate(bellwether_ingest_received_total${mine}[$__rate_interval]))`,
      warnFrom: null,
      downFrom: null,
    },
    {
      id: 'bytes',
      label: 'Bytes received',
      query: `sum(rate(bellwether_ingest_received_bytes_total${mine}[$__rate_interval]))`,
      warnFrom: null,
      downFrom: null,
    },
    {
      id: 'cpu',
      label: 'CPU of this host',
      query: '1 - sum(rate(host_cpu_seconds_total{mode="idle"}[$__rate_interval])) / sum(rate(host_cpu_seconds_total[$__rate_interval]))',
      warnFrom: 0.85,
      downFrom: 0.97,
    },
    {
      id: 'memory',
      label: 'Memory of this host',
      query: '1 - host_memory_available_bytes / host_memory_total_bytes',
      warnFrom: 0.9,
      downFrom: 0.97,
    },
    {
      id: 'disk',
      label: 'Disk of the data',
      query: '1 - host_data_disk_free_bytes / host_data_disk_size_bytes',
      warnFrom: 0.85,
      downFrom: 0.95,
    },
    {
      id: 'own',
      label: 'Memory of Bellwether',
      query: 'sum(process_resident_memory_bytes{job="bellwether"})',
      warnFrom: null,
      downFrom: null,
    },
  ]
}
