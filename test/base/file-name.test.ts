import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeFile, isFileName, looksLikeAddress } from '../../src/base/file-name.js'

test('an address is told from a path, mistyped as it may be', () => {
  for (const text of [
    'https://host/a',
    'ftp://host/a',
    'https:/host/a',
    'https;/host/a',
    'http//host/a',
    'x https://host',
    '//token@host/a',
    'user:password@host/a',
    '/a/user:password@host',
  ]) {
    assert.equal(looksLikeAddress(text), true, text)
    assert.equal(isFileName(text), false, text)
  }
  for (const text of ['/srv/http/a', 'https/a', 'a@b', 'a:b', '/a:b c@d', '//srv/a', 'a b']) {
    assert.equal(looksLikeAddress(text), false, text)
    assert.equal(isFileName(text), true, text)
  }
})

test('what belongs into a file is not the name of one', () => {
  for (const text of ['-----BEGIN RSA PRIVATE KEY-----', 'a\nb', 'a\r', '[{"url":"x"}]']) {
    assert.equal(isFileName(text), false, text)
  }
})

test('a name is shown only where it cannot be the secret itself', () => {
  for (const written of ['/run/password', 'secrets/password', './password', 'password.txt']) {
    assert.equal(describeFile('its file', written, '/f/x'), 'its file /f/x', written)
  }
  for (const written of ['hunter2', 'machine h login u password x', 'https://u:p@h/x', '{"a/b"']) {
    const text = describeFile('its file', written, '/f/x')
    assert.equal(text, 'its file (not shown: it may be a secret)', written)
  }
})
