// Which login goes with which address: the longest prefix, then any of that host; what one flag gives
// serves the rest of its host.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { findCredential } from '../../../src/credentials/credential-match.js'
import { credentialsOf, hostOfGithub } from '../../../src/front/git-sync/credentials.js'
import type { Options } from '../../../src/front/git-sync/options.js'
import { parseRemoteUrl } from '../../../src/git/remote-url.js'
import { tempDir } from '../../helpers/git.js'

const LISTED = [
  '{"url":"https://h/team/one","username":"exact","password":"p"}',
  '[{"url":"https://h/team","username":"team","password":"p"},{"url":"https://other/a","username":"other","password-file":"/f"}]',
]

// biome-ignore format: a table
const ROWS: readonly [it: string, options: Partial<Options>, repo: string, asked: string, user: string | undefined][] = [
  ['the pair', { username: 'me', password: 'p' }, 'https://h/a', 'https://h/a', 'me'],
  ['the pair, for a submodule on its host', { username: 'me', password: 'p' }, 'https://h/a', 'https://h/b/c', 'me'],
  ['not on another host', { username: 'me', password: 'p' }, 'https://h/a', 'https://i/a', undefined],
  ['nor port', { username: 'me', password: 'p' }, 'https://h/a', 'https://h:8443/a', undefined],
  ['nor protocol', { username: 'me', password: 'p' }, 'https://h/a', 'http://h/a', undefined],
  ['that of the address', {}, 'https://me:p@h/a', 'https://h/b', 'me'],
  ['one as it is in an address', {}, 'https://m%40e:p%2Fq@h/a', 'https://h/a', 'm@e'],
  ['the exact one', { credential: LISTED }, 'https://h/team/one', 'https://h/team/one', 'exact'],
  ['with a suffix', { credential: LISTED }, 'https://h/team/one', 'https://h/team/one.git', 'exact'],
  ['the longest prefix', { credential: LISTED }, 'https://h/team/one', 'https://h/team/two', 'team'],
  ['a prefix is of whole parts', { credential: LISTED.slice(1) }, 'https://h/team', 'https://h/teammate', 'team'],
  ['any of the host', { credential: LISTED }, 'https://h/team/one', 'https://other/b', 'other'],
  ['one that is listed, before the pair', { username: 'me', password: 'p', credential: LISTED }, 'https://h/a', 'https://h/team/one', 'exact'],
  ['the pair, where none is listed for it', { username: 'me', password: 'p', credential: LISTED }, 'https://h/a', 'https://h/a', 'me'],
  ['none over SSH', { username: 'me', password: 'p' }, 'git@h:a', 'https://h/a', undefined],
]

test('logins go with addresses', () => {
  for (const [it, options, repo, asked, user] of ROWS) {
    const given = { credential: [], ...options } as unknown as Options
    const credentials = credentialsOf(given, parseRemoteUrl(repo, '/'))
    assert.equal(findCredential(credentials, asked)?.username, user, it)
  }
})

test('the key of a GitHub app is found from the working directory', (t) => {
  const file = path.join(tempDir(t), 'key')
  writeFileSync(file, '')
  const github = { githubClientId: 'a', githubInstallationId: 8 }
  const given = { credential: [], ...github, githubKeyFile: path.relative('', file) }
  const remote = parseRemoteUrl('https://h/a', '/')
  const [credential] = credentialsOf(given as unknown as Options, remote)
  assert.equal(credential?.githubApp?.privateKeyFile, file)
})

test('a GitHub app has a host that gives tokens', () => {
  const githubBaseUrl = 'https://ghe.example.com/api/v3/'
  assert.equal(hostOfGithub({ githubBaseUrl, githubInstallationId: 8 }), 'ghe.example.com')
  assert.equal(hostOfGithub({ githubBaseUrl, githubInstallationId: 0 }), undefined)
  assert.equal(hostOfGithub({ githubBaseUrl: 'x', githubInstallationId: 8 }), undefined)
})
