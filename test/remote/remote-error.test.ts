import assert from 'node:assert/strict'
import { test } from 'node:test'
import { remoteError } from '../../src/remote/remote-error.js'

test('well-known words have codes of their own', () => {
  const codes = {
    [`upload-pack: not our ref ${'1'.repeat(40)}`]: 'commit-not-found',
    'Server does not allow request for unadvertised object 123': 'commit-not-found',
    "'/srv/x' does not appear to be a git repository": 'repository-not-found',
    "repository '/x' not found": 'repository-not-found',
    'access denied or repository not exported: /x': 'repository-not-found',
    'internal trouble': 'remote-error',
  }
  for (const [words, code] of Object.entries(codes)) {
    const error = remoteError(`${words}\n`)
    assert.equal(error.code, code)
    assert.ok(error.message.includes(words), error.message)
  }
  assert.match(remoteError('not our ref').message, /branch or a tag/)
})

test('words are shown in one line, short, without control characters or credentials', () => {
  const words = `one\r\n\u001b[31mtwo\u0000three https://user:secret@host/ ${'x'.repeat(70_000)}`
  const { message } = remoteError(words)
  assert.ok(message.length < 400)
  assert.match(message, /one \[31mtwo three/)
  assert.doesNotMatch(message, /secret/)
})
