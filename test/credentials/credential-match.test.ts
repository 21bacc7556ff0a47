import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findCredential } from '../../src/credentials/credential-match.js'

const covers = (url: string, repo: string) => findCredential([{ url }], repo) !== undefined

test('a repository is covered with or without its suffix, on both sides', () => {
  for (const url of ['https://h/team/repo', 'https://h/team/repo.git', 'https://h/team/repo/']) {
    for (const repo of ['https://h/team/repo', 'https://h/team/repo.git']) {
      assert.ok(covers(url, repo), `${url} ${repo}`)
    }
    assert.equal(covers(url, 'https://h/team/repository'), false)
    assert.equal(covers(url, 'https://h/team'), false)
  }
})

test('over SSH, a user serves those that name none, and a url without one serves all', () => {
  assert.ok(covers('ssh://h', 'ssh://git@h/repo'))
  assert.ok(covers('ssh://git@h', 'ssh://git@h/repo'))
  assert.ok(covers('ssh://git@h', 'ssh://h/repo'))
  assert.equal(covers('ssh://git@h', 'ssh://other@h/repo'), false)
  assert.ok(covers('ssh://a+b@h', 'ssh://a%2Bb@h/repo'))
})

test('a prefix ends with a whole part of the path, of the same scheme, host and port', () => {
  assert.ok(covers('https://h/team', 'https://h/team/repo'))
  for (const repo of ['https://h/teams/repo', 'http://h/team/repo', 'https://h:8443/team/repo']) {
    assert.equal(covers('https://h/team', repo), false, repo)
  }
})
