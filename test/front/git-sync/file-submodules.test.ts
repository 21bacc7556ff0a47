import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutFileSubmodules } from '../../../src/front/git-sync/file-submodules.js'
import { parseRemoteUrl } from '../../../src/git/remote-url.js'
import type { Sessions } from '../../../src/sessions.js'
import type { RemoteLogin } from '../../../src/sync/remote-login.js'
import { failsWith } from '../../helpers/fails-with.js'

test('submodules on this machine are for whoever allows them', () => {
  const opened: string[] = []
  const open = ((login: RemoteLogin) =>
    opened.push(login.remote.url)) as unknown as Sessions['open']
  const remote = parseRemoteUrl('file:///srv/one', '/')
  const others = ['file:///srv/two', '/srv/two', 'https://h/two'].map((url) =>
    parseRemoteUrl(url, '/'),
  )
  const logins = [remote, ...others].map((each) => ({ remote: each, credential: undefined }))
  for (const allow of [undefined, 'user', 'never']) {
    const guarded = withoutFileSubmodules(open, { remote }, allow)
    for (const login of logins) {
      const isRefused = login.remote.url === 'file:///srv/two'
      if (!isRefused) guarded(login)
      else assert.throws(() => guarded(login), failsWith('submodule-invalid', /file\.allow:always/))
    }
  }
  assert.deepEqual([...new Set(opened)], ['file:///srv/one', 'https://h/two'])
  for (const login of logins) withoutFileSubmodules(open, { remote }, 'always')(login)
  assert.ok(opened.includes('file:///srv/two'))
})
