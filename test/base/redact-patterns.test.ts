import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redact } from '../../src/base/redact-patterns.js'
import { assertLinear } from '../helpers/growth.js'

const CASES: Record<string, [text: string, redacted: string]> = {
  'user and password': ['see https://me:pa55@host/a.git now', 'see https://host/a.git now'],
  'a token alone': ['https://ghp_abc@host/a', 'https://host/a'],
  'an at sign in the password': ['https://me:p@55@host/a', 'https://host/a'],
  'a slash in the password': ['"https://me:p/5?5#x@host/a"', '"https://host/a"'],
  'every URL': ['ssh://git@a/x, http://u:p@b/y', 'ssh://a/x, http://b/y'],
  'an address that was taken for a path': ['no /f/ https:/u:pa55@h/x', 'no /f/ https:/h/x'],
  'an address whose scheme is mistyped': ['https;//u:pa55@h/x', 'https;//h/x'],
  'an address without a scheme': ['"//u:pa55@h/x"', '"//h/x"'],
  'a basic header': ['Authorization: Basic dTpw', 'Authorization: [redacted]'],
  'a token without a scheme': ['authorization: bearer2, x', 'authorization: [redacted], x'],
  'a token that is named as a scheme is': [
    'authorization: Bearer basic',
    'authorization: [redacted]',
  ],
  'a header as JSON': [
    '{"authorization":"Bearer abc","a":1}',
    '{"authorization":"[redacted]","a":1}',
  ],
  'a query': ['at "https://host/a?key=s%20x&b=c@d" and', 'at "https://host/a?[redacted]" and'],
  'a secret in JSON': [
    '{"password": "a\\"b","Token":"","tokens":"c"}',
    '{"password": "[redacted]","Token":"[redacted]","tokens":"c"}',
  ],
  'a secret of SSH in JSON': ['"sshPassphrase":"pa55"', '"sshPassphrase":"[redacted]"'],
  'a key in PEM': [
    'at -----BEGIN RSA PRIVATE KEY-----\nab/c\n-----END RSA PRIVATE KEY----- is missing',
    'at [redacted] is missing',
  ],
  'a key in PEM that is cut off': ['at -----BEGIN X\\nab/c is missing', 'at [redacted]'],
  'a token of a known form': ['no ghp_0123456789abc here', 'no [redacted] here'],
  'a proxy header': ['proxy-authorization=token xyz', 'proxy-authorization=[redacted]'],
}

for (const [name, [text, redacted]] of Object.entries(CASES)) {
  test(`${name} is taken out`, () => assert.equal(redact(text), redacted))
}

test('text without credentials stays as it is', () => {
  for (const text of [
    'https://host:8080/path@v1',
    'is it? a=b',
    'glpat- and ghp_short',
    'git@host:path',
    '//host:8080/a@b // see: me@host',
    '"passwordFile":"/secrets/password"',
    'mail me@host',
    'needs authorization',
    'Send one of the secrets as Authorization: Bearer',
    '"Send it as Authorization: Basic", "or not"',
    'send `Authorization: Bearer`, or `authorization: token` with it',
    'an empty Authorization: Bearer\n',
  ]) {
    assert.equal(redact(text), text)
  }
})

test('the time is linear in the length of hostile text', () => {
  for (const part of [
    'a',
    'a.',
    '://',
    'a://b:c',
    'authorization:basic ',
    'authorization:basic',
    '?a=',
    '"token":"',
    'ghp_',
    'a:/',
    '//a:',
    '"password',
    '-----BEGIN ',
    '-----BEGIN-----END A',
  ]) {
    assertLinear(100_000, (size) => redact(part.repeat(size / part.length)), part)
  }
})
