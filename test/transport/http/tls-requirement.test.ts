import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTlsRequirement } from '../../../src/transport/http/tls-requirement.js'
import { failsWith } from '../../helpers/fails-with.js'

const SECRET = { 'user-agent': 'git/x', authorization: 'Basic secret' }
const NONE = { 'user-agent': 'git/x', 'git-protocol': 'version=2', accept: '*/*' }

test('credentials in plain text are told of once for each host', () => {
  const told: string[] = []
  const check = createTlsRequirement({ required: false, onPlain: (host) => told.push(host) })
  for (let round = 0; round < 2; round++) {
    check(new URL('http://git.example/a'), SECRET)
    check(new URL('http://git.example:8080/b'), { cookie: 'secret' })
    check(new URL('http://192.0.2.1/c'), { 'private-token': 'secret' })
    check(new URL('http://other.example/d'), NONE)
    check(new URL('https://tls.example/e'), SECRET)
  }
  assert.deepEqual(told, ['git.example', 'git.example:8080', '192.0.2.1'])
})

test('what stays on this machine, is encrypted, or is no secret may always go out', () => {
  const check = createTlsRequirement({ required: true, onPlain: assert.fail })
  for (const host of ['localhost', 'LOCALHOST.', '127.0.0.1', '127.9.9.9', '[::1]'])
    check(new URL(`http://${host}:8080/repo`), SECRET)
  check(new URL('https://git.example/'), SECRET)
  check(new URL('http://git.example/'), NONE)
})

test('where TLS is required, credentials are refused without it', () => {
  const check = createTlsRequirement({ required: true, onPlain: assert.fail })
  for (const host of [
    'git.example',
    '10.0.0.1',
    'localhost.example',
    'git.localhost',
    '127.0.0.1.example',
    '[::2]',
  ]) {
    assert.throws(
      () => check(new URL(`http://${host}/repo`), SECRET),
      (error) => {
        failsWith('tls-required', /REQUIRE_TLS_FOR_CREDENTIALS forbids; use an https:\/\//)(error)
        assert.ok(error instanceof Error && 'disposition' in error)
        assert.equal(error.disposition, 'wait')
        assert.doesNotMatch(error.message, /secret/)
        return true
      },
    )
  }
})
