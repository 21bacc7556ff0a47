import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRemoteUrl } from '../../src/git/remote-url.js'
import { parseRepoRewrites, rewriteRemote } from '../../src/git/repo-rewrite.js'

const rewrite = (rules: string, repo: string) =>
  rewriteRemote(parseRemoteUrl(repo, '/srv'), parseRepoRewrites(rules))

test('an address that begins with what a rule names is reached at what stands for it', () => {
  for (const [rules, repo, expected] of [
    ['https://h/=https://relay/h/', 'https://h/team/site.git', 'https://relay/h/team/site.git'],
    // A host alone is that host alone.
    ['https://h=https://relay/h', 'https://h/team/site', 'https://relay/h/team/site'],
    ['https://h=https://relay', 'https://h.evil.example/team/site', undefined],
    // Any host.
    ['https://=https://relay/', 'https://h/team/site', 'https://relay/h/team/site'],
    // In whichever form it is written.
    ['https://H:443/=http://relay:8080/', 'https://h/a%20b', 'http://relay:8080/a%20b'],
    ['git@h:=https://relay/h/', 'git@h:team/site.git', 'https://relay/h/team/site.git'],
    ['ssh://git@h:22/=https://relay/h/', 'ssh://git@h/team/site', 'https://relay/h/team/site'],
    ['git@h:=git@other:', 'git@h:team/site.git', 'ssh://git@other/~/team/site.git'],
    ['/srv/git/=https://relay/', 'git/site', 'https://relay/site'],
    ['https://h/=/srv/mirror/', 'https://h/site', 'file:///srv/mirror/site'],
    ['https://h/team/site=https://relay/s', 'https://h/team/site.git', 'https://relay/s.git'],
    ['https://h/=https://relay/', 'ssh://h/x', undefined],
  ] as const) {
    assert.equal(rewrite(rules, repo)?.url, expected, `${rules} ${repo}`)
  }
})

test('the longest counts, whichever comes first', () => {
  const rules = 'https://h/=https://a/\n https://h/team/=https://b/, https://h/team/x=https://c/x'
  assert.equal(rewrite(rules, 'https://h/other/site')?.url, 'https://a/other/site')
  assert.equal(rewrite(rules, 'https://h/team/site')?.url, 'https://b/site')
  assert.equal(rewrite(rules, 'https://h/team/x.git')?.url, 'https://c/x.git')
})

test('what logs in at the address of the listing stays there', () => {
  const { credentials, transport } =
    rewrite('https://h/=http://relay/', 'https://user:secret@h/site') ?? assert.fail()
  assert.deepEqual([credentials, transport], [undefined, 'http'])
})

test('what leads upwards is followed before a login is looked for', () => {
  const rewritten = rewrite('git@h:=https://relay/h/', 'ssh://git@h/~/../../other/x')
  assert.equal(rewritten?.url, 'https://relay/other/x')
})

test('what cannot be meant is refused, with the rule that it is in', () => {
  for (const [rules, words] of [
    ['https://h/', /^must be from=to, several by blanks: rule 1 is not/],
    ['=https://relay/', /rule 1 is not/],
    ['https://h/=https://a/ https://b/=', /rule 2 is not/],
    ['h/=https://relay/', /in rule 1 an address before the "=" that lacks its scheme/],
    ['relay=x', /lacks its scheme/],
    ['https://h/=relay/', /in rule 1 an address after the "=" that lacks its scheme/],
    ['https://h/=ftp://relay/', /after the "=" that has the unknown scheme ftp/],
    ['https://h/=https://relay/?x', /after the "=" that must not have a query/],
    ['https://u:p@h/=https://relay/', /before the "=" that has credentials in it/],
    ['https://h/=https://u:pass@relay/', /after the "=" that has credentials in it/],
    ['https://h/=https://a/ https://H/=https://b/', /twice what stands for one.*rule 2/],
  ] as const) {
    assert.throws(
      () => parseRepoRewrites(rules),
      (error) => {
        assert.ok(error instanceof RangeError)
        assert.match(error.message, words)
        assert.ok(!error.message.includes('pass'))
        return true
      },
      rules,
    )
  }
})
