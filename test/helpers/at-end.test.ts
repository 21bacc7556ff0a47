import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atEnd, type TestScope } from './at-end.js'

/** A scope that is ended by hand. */
function createScope(): TestScope & { end: () => Promise<void> } {
  const cleanUps: (() => unknown)[] = []
  return {
    after: (cleanUp) => cleanUps.push(cleanUp),
    async end() {
      for (const cleanUp of cleanUps) await cleanUp()
    },
  }
}

test('what was made last is undone first', async () => {
  const scope = createScope()
  const order: string[] = []
  atEnd(scope, () => order.push('directory'))
  atEnd(scope, async () => {
    await Promise.resolve()
    order.push('program')
  })
  await scope.end()
  assert.deepEqual(order, ['program', 'directory'])
})

test('one that fails keeps none of the others from running', async () => {
  const scope = createScope()
  const order: string[] = []
  atEnd(scope, () => order.push('directory'))
  atEnd(scope, () => {
    throw new Error('still running')
  })
  await assert.rejects(scope.end(), /still running/)
  assert.deepEqual(order, ['directory'])
})
