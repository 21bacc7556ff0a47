// What a server has, and does not send by its id.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestByRefs } from '../../src/remote/by-refs.js'
import { SmartSession } from '../../src/remote/smart/smart-session.js'
import {
  closePart,
  createMemoryBudget,
  HeldMemory,
  openPart,
} from '../../src/thread/memory-budget.js'
import { failsWith } from '../helpers/fails-with.js'
import { memoryOf } from '../helpers/memory.js'
import { assertSameObjects, listObjects, readPack } from '../helpers/packs.js'
import { encodeLines } from '../helpers/pkts.js'
import { bytesOf, fill, serve, signal } from './smart/session-harness.js'

const memory = memoryOf()

for (const protocol of [0, 2] as const) {
  for (const objectFormat of ['sha1', 'sha256'] as const) {
    const named = `protocol ${protocol}, ${objectFormat}`

    test(`a commit that refs lead to comes with them, ${named}`, async (t) => {
      const { repo, session } = await serve(t, { protocol, objectFormat })
      const { first, tip, tag } = fill(repo)
      assert.equal(await session.hasCommit(first, tip, signal), true)
      const request = await requestByRefs(session, first, { depth: 2, memory }, signal)
      assert.deepEqual(request, { wants: [tip, tag], haves: [], thinPack: false, depth: 2 })
      const bytes = await bytesOf(await session.fetch(request, signal))
      const pack = await readPack(bytes, { objectFormat })
      assertSameObjects(pack, repo, listObjects(repo, 'main', 'v1'))
    })

    test(`what a ref names, or an annotated tag, comes by itself, ${named}`, async (t) => {
      const { repo, session } = await serve(t, { protocol, objectFormat })
      const { second, tip, tag } = fill(repo)
      for (const [commit, want] of [
        [tip, tip],
        [second, tag],
      ] as const) {
        const request = await requestByRefs(session, commit, { depth: 16, memory }, signal)
        assert.deepEqual(request, { wants: [want], haves: [], thinPack: false })
      }
    })

    test(`what is nowhere is not looked for, ${named}`, async (t) => {
      const { repo, session } = await serve(t, { protocol, objectFormat })
      const none = 'a'.repeat(objectFormat === 'sha1' ? 40 : 64)
      const search = () => requestByRefs(session, none, { depth: 16, memory }, signal)
      await assert.rejects(search, failsWith('commit-not-found', /does not have the commit a+:/))
      const { tip } = fill(repo)
      assert.equal(await session.hasCommit(none, tip, signal), false)
      await assert.rejects(search, failsWith('commit-not-found'))
    })
  }
}

test('a list waits for the memory of others, and shares that of who waits for it', async () => {
  const budget = createMemoryBudget(16_000)
  const commit = '1'.repeat(40)
  const refs = Array.from({ length: 20 }, (_, n) => `${commit} refs/heads/b${n}`)
  const transport = {
    advertise: async () => bytes(encodeLines(...refs, '0000')),
    exchange: () => Promise.reject(new Error('nothing more is asked')),
  }
  const openMemory = () => openPart(budget, 1 / 16)
  const session = new SmartSession(transport, { maxRefsBytes: 1 << 20, openMemory })
  const sync = openPart(budget, 1 / 16)
  const takeReserve = () => {
    const other = openPart(budget, 1 / 16)
    assert.ok(new HeldMemory(other).tryToTake(2000))
    return other
  }
  const find = (limited = signal) =>
    requestByRefs(session, commit, { depth: 16, memory: sync }, limited)
  const found = { wants: [commit], haves: [], thinPack: false }
  /** A search that waits for memory. */
  const startWaiting = async () => {
    const { signal: looked } = new AbortController()
    const isWaiting = new Promise<void>((resolve) => {
      looked.throwIfAborted = resolve
    })
    const finding = find(looked)
    await Promise.race([isWaiting, finding])
    return { finding }
  }

  let other = takeReserve()
  const waiting = await startWaiting()
  closePart(other)
  assert.deepEqual(await waiting.finding, found)

  other = takeReserve()
  const overtaken = await startWaiting()
  closePart(other)
  assert.ok(new HeldMemory(sync).tryToTake(2000))
  assert.deepEqual(await overtaken.finding, found)
  assert.deepEqual(await find(), found)
  closePart(sync)
  closePart(takeReserve())
})

async function* bytes(chunk: Buffer): AsyncGenerator<Buffer> {
  yield chunk
}
