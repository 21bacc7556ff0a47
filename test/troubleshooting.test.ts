// What docs/troubleshooting.md and the remedies name is there: settings, fields, states,
// metrics, words of the log.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { Registry } from 'prom-client'
import { ERROR_CODES } from '../src/base/error-codes.js'
import { CREDENTIAL_VARIABLES } from '../src/credentials/environment.js'
import { LISTING_SCHEMA } from '../src/listing/listing-schema.js'
import { ENTRY_METRICS } from '../src/observe/entry-metrics.js'
import { logEvents } from '../src/observe/log-events.js'
import { defineMetrics } from '../src/observe/metric-definitions.js'
import { SETTINGS } from '../src/settings.js'
import type { Condition } from '../src/sync/state/lifecycle.js'
import { entryEvents } from './helpers/events.js'

const CREDENTIALS_SCHEMA: { items: { properties: object } } = createRequire(import.meta.url)(
  '../src/credentials/file/credentials.schema.json',
)

// The type makes it complete.
const STATES: Record<Condition, true> = {
  pending: true,
  waiting: true,
  syncing: true,
  failing: true,
  stalled: true,
  suspended: true,
  synced: true,
}

/** Each is the message of a log line. */
const MESSAGES = [
  'cannot start',
  'stopping after a fault in this program',
  'poll failed',
  'sync failed',
  'listing rejected, nothing changes',
  'drift repaired',
]

describe('docs/troubleshooting.md', () => {
  // Tests run in the repository's root, as npm does.
  const text = readFileSync('docs/troubleshooting.md', 'utf8')

  test('has every state of an entry, and no other', () => {
    const [, section = ''] = /^### By the state of the entry$(.*?)^###/ms.exec(text) ?? []
    const [, ...states] = [...section.matchAll(/^\| `(\w+)`/gm)].map(([, state]) => state)
    assert.deepEqual(states.sort(), Object.keys(STATES).sort())
  })

  test('names only settings that there are', () => {
    const known = Object.values(SETTINGS).flatMap(({ variables }) => variables)
    const all = new Set([...known, ...Object.keys(CREDENTIAL_VARIABLES)])
    const named = [...text.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g)].map(([name]) => name)
    assert.ok(named.length > 20)
    assert.deepEqual(
      named.filter((name) => !all.has(name)),
      [],
    )
  })

  test('names only metrics that there are', () => {
    const registry = new Registry()
    defineMetrics(registry)
    const known = [...registry.getMetricsAsArray(), ...ENTRY_METRICS].map(({ name }) => name)
    const named = [...text.matchAll(/git_autosync_\w+/g)].map(([name]) => name)
    assert.ok(named.length > 0)
    assert.deepEqual(
      named.filter((name) => !known.includes(name)),
      [],
    )
  })

  test('quotes the log as it is', () => {
    const failures: string[] = []
    const log = (_level: string, message: string) => failures.push(message)
    const observe = logEvents({ log } as never)
    const { pollFailed, syncFailed } = entryEvents()
    for (const event of [pollFailed('host-not-found', 1), syncFailed('volume-full', 1)])
      observe(event)
    const source = ['src/run.ts', 'src/observe/log-events.ts'].map((file) =>
      readFileSync(file, 'utf8'),
    )
    for (const message of MESSAGES) {
      assert.ok(text.includes(`\`${message}`), message)
      // A step and its outcome are put together.
      if (failures.includes(message)) continue
      assert.ok(
        source.some((code) => code.includes(message)),
        message,
      )
    }
  })
})

test('what to do about each code is in whole sentences, and names only fields that there are', () => {
  const fields = new Set([
    ...Object.keys(LISTING_SCHEMA.items.properties),
    ...Object.keys(CREDENTIALS_SCHEMA.items.properties),
    // Of a log line, and of a pod.
    ...['faults', 'stack', 'fsGroup'],
  ])
  for (const [code, [, meaning, remedy]] of Object.entries(ERROR_CODES)) {
    assert.match(remedy, /^[A-Z].*\.$/, code)
    assert.notEqual(remedy, meaning, code)
    const named = [...remedy.matchAll(/`([a-z]+(?:[A-Z]\w*)?)`/g)].map(([, name = '']) => name)
    const unknown = named.filter((name) => !fields.has(name))
    assert.deepEqual(unknown, [], code)
  }
})
