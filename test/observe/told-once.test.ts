// What is told of at each look, and what but once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tellOnce } from '../../src/observe/told-once.js'
import type { SetAside } from '../../src/publish/target.js'

test('what stays of others is told of once, all else each time', () => {
  const told: string[] = []
  const tell = tellOnce<SetAside>(({ kind, path }) => told.push(`${kind} ${path}`))
  const find = (kind: SetAside['kind'], path: string) => tell({ kind, path, reason: 'why' })
  for (let look = 0; look < 3; look++) {
    find('foreign', '/a/f')
    find('state', '/a')
  }
  find('foreign', '/b/f')
  assert.deepEqual(told, ['foreign /a/f', 'state /a', 'state /a', 'state /a', 'foreign /b/f'])
})
