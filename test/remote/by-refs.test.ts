// What a server has, and does not send by its id.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestByRefs } from '../../src/remote/by-refs.js'
import { failsWith } from '../helpers/fails-with.js'
import { assertSameObjects, listObjects, readPack } from '../helpers/packs.js'
import { bytesOf, fill, serve, signal } from './smart/session-harness.js'

for (const protocol of [0, 2] as const) {
  for (const objectFormat of ['sha1', 'sha256'] as const) {
    const named = `protocol ${protocol}, ${objectFormat}`

    test(`a commit that refs lead to comes with them, ${named}`, async (t) => {
      const { repo, session } = await serve(t, { protocol, objectFormat })
      const { first, tip, tag } = fill(repo)
      assert.equal(await session.hasCommit(first, tip, signal), true)
      const request = await requestByRefs(session, first, 2, signal)
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
        const request = await requestByRefs(session, commit, 16, signal)
        assert.deepEqual(request, { wants: [want], haves: [], thinPack: false })
      }
    })

    test(`what is nowhere is not looked for, ${named}`, async (t) => {
      const { repo, session } = await serve(t, { protocol, objectFormat })
      const none = 'a'.repeat(objectFormat === 'sha1' ? 40 : 64)
      const search = () => requestByRefs(session, none, 16, signal)
      await assert.rejects(search, failsWith('commit-not-found', /does not have the commit a+:/))
      const { tip } = fill(repo)
      assert.equal(await session.hasCommit(none, tip, signal), false)
      await assert.rejects(search, failsWith('commit-not-found'))
    })
  }
}
