// The process's own metrics: what they cost a process that nobody scrapes, and what the first scrape says.
import assert from 'node:assert/strict'
import perfHooks from 'node:perf_hooks'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Registry } from 'prom-client'
import { processMetrics } from '../../src/observe/process-metrics.js'

/** The numbers of one scrape after the other, by their names. */
function scraper(): () => Promise<Map<string, number>> {
  const registry = new Registry()
  const begin = processMetrics(registry)
  return async () => {
    await begin()
    const lines = (await registry.metrics()).matchAll(/^(\w+) (\S+)$/gm)
    return new Map([...lines].map(([, name = '', value]) => [name, Number(value)]))
  }
}

test('what is measured anew at each scrape is measured since the one before', async () => {
  const scrape = scraper()
  await scrape()
  for (let round = 0; round < 2; round++) {
    // The delay of a turn is sampled by a timer, which has to come around before and after.
    await sleep(30)
    const until = performance.now() + 50
    while (performance.now() < until);
    await sleep(30)
    const longest = (await scrape()).get('nodejs_eventloop_lag_max_seconds') ?? 0
    assert.ok(longest >= 0.02, `${longest}`)
  }
})

test('the delay of the event loop is sampled seldom, and not before the first scrape', async (t) => {
  const monitor = t.mock.method(perfHooks, 'monitorEventLoopDelay')
  const scrape = scraper()
  assert.equal(monitor.mock.callCount(), 0)
  await Promise.all([scrape(), scrape()])
  const asked = monitor.mock.calls.map(({ arguments: [options] }) => options?.resolution)
  assert.deepEqual(asked, [20])
})

test('the first scrape has samples, and the processor time of all before it', async () => {
  const cpu = () => {
    const { system, user } = process.cpuUsage()
    return (system + user) / 1e6
  }
  const before = cpu()
  const first = await scraper()()
  const after = cpu()
  const told = first.get('process_cpu_seconds_total') ?? 0
  assert.ok(told >= before && told <= after, `${before} ≤ ${told} ≤ ${after}`)
  for (const kind of ['min', 'max', 'mean', 'p99']) {
    const lag = first.get(`nodejs_eventloop_lag_${kind}_seconds`) ?? Number.NaN
    assert.ok(lag > 0 && lag < 60, `${kind} ${lag}`)
  }
})
