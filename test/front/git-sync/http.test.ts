import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { serve } from '../../../src/front/git-sync/http.js'

test('metrics that cannot be made are an answer, too', async (t) => {
  const metrics = () => Promise.reject(new Error('no'))
  const server = await serve('127.0.0.1:0', { isReady: () => true, metrics })
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`)
  assert.equal(answer.status, 500)
  await answer.text()
})
