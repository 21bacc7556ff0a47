import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SyncError } from '../../src/base/errors.js'
import {
  closePart,
  createMemoryBudget,
  HeldMemory,
  helperPart,
  type MemoryBudget,
  openPart,
} from '../../src/thread/memory-budget.js'
import { failsWith } from '../helpers/fails-with.js'

const BUDGET_BYTES = 1000
const tooLarge = failsWith('commit-too-large', /1000 bytes/)

function open(budget: MemoryBudget, share = 1 / 10) {
  const part = openPart(budget, share)
  const refuse = (bytes: number) => new SyncError('commit-too-large', `${bytes} bytes`)
  return { part, held: new HeldMemory(part, refuse) }
}

test('a part is its own, the reserve is for one at a time', () => {
  const budget = createMemoryBudget(BUDGET_BYTES)
  const [one, other] = [open(budget), open(budget)]
  assert.ok(one.held.tryToTake(100))
  assert.ok(other.held.tryToTake(100))
  assert.ok(one.held.tryToTake(400))
  assert.equal(other.held.tryToTake(1), false)
  closePart(one.part)
  assert.ok(other.held.tryToTake(1))
  assert.equal(open(budget).held.tryToTake(101), false)
})

test('what never fits is refused, whatever the others have', () => {
  const budget = createMemoryBudget(BUDGET_BYTES)
  const [one, other] = [open(budget), open(budget)]
  assert.throws(() => one.held.tryToTake(601), tooLarge)
  assert.ok(other.held.tryToTake(600))
  assert.throws(() => one.held.tryToTake(601), tooLarge)
  assert.throws(() => other.held.tryToTake(1), tooLarge)
})

test('the reserve of one who is not there any more is given back by another', () => {
  const budget = createMemoryBudget(BUDGET_BYTES)
  const [one, other] = [open(budget), open(budget)]
  assert.ok(one.held.tryToTake(600))
  closePart(open(budget).part)
  assert.equal(other.held.tryToTake(101), false)
  closePart(structuredClone(one.part))
  assert.ok(other.held.tryToTake(101))
})

test('what goes on in a thread after its part was closed keeps the reserve from nobody', () => {
  const budget = createMemoryBudget(BUDGET_BYTES)
  const [one, other] = [open(budget), open(budget)]
  const inThread = new HeldMemory(helperPart(structuredClone(one.part), 50))
  assert.ok(inThread.tryToTake(50))
  closePart(one.part)
  assert.throws(() => inThread.tryToTake(1), /after the end/)
  assert.ok(other.held.tryToTake(600))
})

test('a piece of work and one helper have the reserve together, until both gave it back', () => {
  const budget = createMemoryBudget(BUDGET_BYTES)
  const [one, other] = [open(budget), open(budget)]
  const helpers = [0, 1].map(() => new HeldMemory(helperPart(structuredClone(one.part), 50)))
  const [first, second] = helpers as [HeldMemory, HeldMemory]
  assert.ok(first.tryToTake(200))
  assert.ok(one.held.tryToTake(300), 'it may wait for what its helper makes')
  assert.ok(second.tryToTake(50))
  assert.equal(second.tryToTake(1), false, 'one helper at a time')
  assert.ok(first.tryToTake(200), 'who has it may have more')

  first.release()
  assert.ok(second.tryToTake(1))
  one.held.release()
  assert.equal(other.held.tryToTake(101), false)
  second.release()
  assert.ok(other.held.tryToTake(101))
  first.release()
  assert.equal(one.held.tryToTake(101), false, 'what is given back twice is no one else’s')
})

test('what a helper has goes back with its end, and not with that of another', () => {
  const budget = createMemoryBudget(BUDGET_BYTES)
  const { part } = open(budget)
  const [ended, left] = [helperPart(part, 50), helperPart(part, 50)]
  const inThread = new HeldMemory(structuredClone(ended))
  assert.ok(inThread.tryToTake(51))
  closePart(left)
  assert.equal(open(budget).held.tryToTake(101), false)
  closePart(ended)
  assert.throws(() => inThread.tryToTake(1), /after the end/)
  assert.ok(open(budget).held.tryToTake(101))
})

test('one who waits goes on when the reserve is free', async () => {
  const budget = createMemoryBudget(BUDGET_BYTES)
  const [one, other] = [open(budget), open(budget)]
  assert.ok(one.held.tryToTake(600))
  const waiting = other.held.take(500, () => undefined)
  closePart(one.part)
  await waiting
  assert.equal(open(budget).held.tryToTake(101), false)
})

test('one who waits gives up when it is told to', async () => {
  const budget = createMemoryBudget(BUDGET_BYTES)
  const [one, other] = [open(budget), open(budget)]
  assert.ok(one.held.tryToTake(600))
  const stopped = new Error('stopped')
  let looks = 0
  const checkpoint = () => {
    if (++looks > 2) throw stopped
  }
  await assert.rejects(other.held.take(500, checkpoint), stopped)
  looks = 0
  assert.throws(() => other.held.takeBlocking(500, checkpoint), stopped)
})
