import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasScheme, isFileName, looksLikeAddress, showFile } from '../../src/base/file-name.js'

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
  ]) {
    assert.equal(looksLikeAddress(text), true, text)
    assert.equal(isFileName(text), false, text)
  }
  for (const text of [
    '/srv/http/a',
    '/srv/https//a',
    'mirror/https//a',
    'https/a',
    'a@b',
    'a:b',
    '/a:b c@d',
    '/srv/12:00/a@1.2',
    '//srv/a',
    'a b',
  ]) {
    assert.equal(looksLikeAddress(text), false, text)
    assert.equal(isFileName(text), true, text)
  }
})

test('only a scheme, or a slip of one, makes an address of a path with an at sign', () => {
  for (const text of ['https:/u:p@host/a', '//token@host/a', 'ssh://git@host/a']) {
    assert.equal(hasScheme(text), true, text)
  }
  for (const text of ['/data/a:b@c', 'a:b@c']) assert.equal(hasScheme(text), false, text)
})

test('what belongs into a file is not the name of one', () => {
  for (const text of [
    '-----BEGIN RSA PRIVATE KEY-----',
    'a\nb',
    'a\r',
    '[{"url":"x"}]',
    ' {a: b}',
    'x: {"a": 1}',
    '"a": [1]',
  ]) {
    assert.equal(isFileName(text), false, text)
  }
  for (const text of ['/srv/{a}/x', 'a[1]', '/srv/"a"']) assert.equal(isFileName(text), true, text)
})

test('a name is shown only where it cannot be the secret itself', () => {
  for (const written of [
    '/run/password',
    '/token',
    './password',
    '../password',
    'password.txt',
    'secrets/app.pem',
    '/secrets/github-app-private-key.pem',
    '/secrets/github_app_private_key_2024',
    '/secrets/GITHUB_APP_PRIVATE_KEY.pem',
    '/var/run/secrets/kubernetes.io/serviceaccount/token',
    '/pods/2f1b6a9c-0d5e-4f6a-8b7c-9d0e1f2a3b4c/id_ed25519',
  ]) {
    assert.equal(showFile({ written, file: '/f/x' }), '/f/x', written)
  }
  for (const written of [
    'hunter2',
    'machine h login u password x',
    'https://u:p@h/x',
    '{"a/b"',
    'S3cr+invalid/~ä9',
    'pass/word',
    // Random bytes in base64, some of which begin with a slash; a JWT; tokens.
    'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ/83vEjRWeJA=',
    '/83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ',
    '/83vEjRW+eJCrze8',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
    './eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVPmB92K27uhbUJU1p1r',
    'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
    '/16c7e42f292c6912e7710c838347ae178b4a/x.txt',
    'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY.key',
  ]) {
    assert.equal(showFile({ written, file: '/f/x' }), '(not shown: it may be a secret)', written)
  }
})
