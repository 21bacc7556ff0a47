import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHeldEvents } from '../../src/observe/held-events.js'
import type { SyncEvent } from '../../src/sync/events.js'

test('events are held until somebody listens, and are told in their order', () => {
  const heard: string[] = []
  const held = createHeldEvents()
  const tell = (host: string) => held.observe({ type: 'credentials-exposed', host })
  const listen = (event: SyncEvent) => {
    if (event.type !== 'credentials-exposed') return
    heard.push(event.host)
  }
  tell('first')
  tell('second')
  held.release(listen)
  tell('third')
  assert.deepEqual(heard, ['first', 'second', 'third'])
})
