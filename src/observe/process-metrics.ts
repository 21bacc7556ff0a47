// The process's own metrics, by prom-client and under its names. They begin with the first scrape: to
// sample the delay of the event loop wakes the process fifty times a second, most of what it costs at
// rest, and many a pod is never scraped.
import { setTimeout as sleep } from 'node:timers/promises'
import { Counter, collectDefaultMetrics, type Registry } from 'prom-client'

/** The delay of the event loop is sampled this often, in milliseconds. */
const LAG_PRECISION_MS = 20
/** The first sample is the time between two looks; one more look for what timers round. */
const LOOKS_OF_A_SAMPLE = 3

/** Returns what has the registry tell of the process from the first call on; to be called at each scrape. */
export function processMetrics(registry: Registry): () => Promise<void> {
  let begun: Promise<void> | undefined
  return () => {
    begun ??= begin(registry)
    return begun
  }
}

async function begin(registry: Registry): Promise<void> {
  const { system, user } = process.cpuUsage()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_PRECISION_MS })
  // prom-client counts from now on; its names are of the whole life of a process.
  addTo(registry, 'process_cpu_user_seconds_total', user)
  addTo(registry, 'process_cpu_system_seconds_total', system)
  addTo(registry, 'process_cpu_seconds_total', user + system)
  // One by one: of a turn that comes late, each is one look at least.
  for (let look = 0; look < LOOKS_OF_A_SAMPLE; look++) await sleep(LAG_PRECISION_MS)
}

function addTo(registry: Registry, name: string, microseconds: number): void {
  const counter = registry.getSingleMetric(name)
  if (counter instanceof Counter) counter.inc(microseconds / 1e6)
}
