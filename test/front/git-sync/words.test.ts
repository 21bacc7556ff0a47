import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inWords } from '../../../src/front/git-sync/words.js'

test('errors advise what git-sync has', () => {
  for (const [text, expected] of [
    ['Not done after 1 s: raise SYNC_TIMEOUT if', 'Not done after 1 s: raise --sync-timeout if'],
    ["push it, or correct the entry's ref", 'push it, or correct --ref'],
    ["set the entry's branch (there are: main)", 'set --ref (there are: main)'],
    ['or take submodules out of the entry', 'or set --submodules=off'],
    ['needs; set publish to in-place for this entry', 'needs; set --in-place'],
    [
      'replace; set publish to in-place for this entry, or its path to one below',
      'replace; set --in-place, or --link to a path below',
    ],
    ['CA_FILE /ca cannot be read', 'http.sslCAInfo /ca cannot be read'],
    [
      'name one as clientCertFile and clientKeyFile of a credential in CREDENTIALS_PATH',
      'name one as http.sslCert and http.sslKey',
    ],
    [
      'http.sslCert: its clientKeyFile /k cannot be read',
      'http.sslCert: http.sslKey /k cannot be read',
    ],
    [
      'belong together, and an encrypted key needs its clientKeyPassphraseFile',
      'belong together, and the key may not be encrypted',
    ],
    ['its privateKeyFile /k is not', '--github-app-private-key-file /k is not'],
    [
      'check appId or clientId, privateKeyFile, and the clock',
      'check --github-app-application-id or --github-app-client-id, --github-app-private-key-file, and the clock',
    ],
    [
      'check installationId, apiUrl, and',
      'check --github-app-installation-id, --github-base-url, and',
    ],
  ] as const)
    assert.equal(inWords(text), expected)
})
