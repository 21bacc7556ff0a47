import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMint, type Minted } from '../../../src/credentials/minted/mint.js'
import { failsWith } from '../../helpers/fails-with.js'
import { FakeClock } from '../../helpers/fake-clock.js'

function setUp(answers: (() => Promise<Minted>)[]) {
  const clock = new FakeClock()
  let asked = 0
  const mint = createMint(
    () => answers[asked++]?.() ?? Promise.reject(new Error('asked too often')),
    clock,
  )
  return { clock, mint, asked: () => asked }
}

const gives = (authorization: string, staleAt?: number) => async () =>
  staleAt === undefined ? { authorization } : { authorization, staleAt }

test('many that want a value ask once', async () => {
  const { mint, asked } = setUp([gives('one')])
  assert.deepEqual(await Promise.all([mint({}), mint({}), mint({})]), ['one', 'one', 'one'])
  assert.equal(await mint({ rejected: { authorization: 'of long ago' } }), 'one')
  assert.equal(asked(), 1)
})

test('one that was rejected is asked for anew, once for all that were rejected', async () => {
  const { mint, asked } = setUp([gives('one'), gives('two')])
  const rejected = { authorization: await mint({}) }
  const again = [mint({ rejected }), mint({ rejected })]
  assert.deepEqual(await Promise.all(again), ['two', 'two'])
  assert.equal(await mint({ rejected }), 'two')
  assert.equal(asked(), 2)
})

test('one that is stale is asked for anew, a failure is not kept', async () => {
  const start = new FakeClock().wallTime()
  const fails = () => Promise.reject(new Error('away'))
  const { clock, mint, asked } = setUp([gives('one', start + 1000), fails, gives('two')])
  assert.equal(await mint({}), 'one')
  await clock.advance(999)
  assert.equal(await mint({}), 'one')
  await clock.advance(1)
  await assert.rejects(mint({}), /away/)
  assert.equal(await mint({}), 'two')
  assert.equal(asked(), 3)
})

test('one that stops waiting does not stop the others', async () => {
  let answer = (_: Minted) => {}
  const { mint, asked } = setUp([() => new Promise((resolve) => (answer = resolve))])
  const stop = new AbortController()
  const stopped = mint({ signal: stop.signal })
  const other = mint({})
  stop.abort()
  await assert.rejects(stopped, failsWith('aborted'))
  await assert.rejects(mint({ signal: stop.signal }), failsWith('aborted'))
  answer({ authorization: 'one' })
  assert.equal(await other, 'one')
  assert.equal(asked(), 1)
})

test('a service that does not answer is told as such, and asked again', async () => {
  const clock = new FakeClock()
  let asked = 0
  const silent = (signal: AbortSignal) =>
    new Promise<Minted>((_, reject) => {
      asked++
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  const mint = createMint(silent, clock)
  for (const times of [1, 2]) {
    const refused = assert.rejects(
      mint({}),
      failsWith('idle-timeout', /^it did not answer within 30 s; check that service$/),
    )
    await clock.advance(30_000)
    await refused
    assert.equal(asked, times)
  }
})
