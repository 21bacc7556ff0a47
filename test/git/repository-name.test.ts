import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseRemoteUrl } from '../../src/git/remote-url.js'
import {
  isSameRepository,
  repositoryNameOf,
  repositoryNameOfPath,
} from '../../src/git/repository-name.js'

/** Addresses of one repository each. */
const SAME: Record<string, readonly string[]> = {
  'one on GitHub': [
    'https://github.com/Team/Site.git',
    'https://github.com/team/site',
    'https://user:secret@github.com/team/site/',
    'http://GitHub.com:80/team/site.git',
    'git@github.com:team/site.git',
    'ssh://git@ssh.github.com:443/team/site.git',
    'git://github.com/team/site.git',
    'git+ssh://git@github.com/team/site',
  ],
  'one in subgroups of GitLab': [
    'https://gitlab.com/a/b/c/site.git',
    'git@gitlab.com:a/b/c/site.git',
    'ssh://git@altssh.gitlab.com:443/a/b/c/site.git',
    'ssh://git@gitlab.com/~/a/b/c/site',
  ],
  'one on Azure DevOps': [
    'https://dev.azure.com/org/My%20Project/_git/site',
    'https://org@dev.azure.com/org/My Project/_git/site',
    'git@ssh.dev.azure.com:v3/org/My%20Project/site',
    'git@ssh.dev.azure.com:v3/org/My Project/site',
    'https://org.visualstudio.com/My%20Project/_git/site',
    'https://org.visualstudio.com/DefaultCollection/My%20Project/_git/site',
    'org@vs-ssh.visualstudio.com:v3/org/My%20Project/site',
  ],
  'one that is called as its project is': [
    'https://dev.azure.com/org/_git/site',
    'https://dev.azure.com/org/site/_git/site',
    'https://org.visualstudio.com/_git/site',
    'git@ssh.dev.azure.com:v3/org/site/site',
  ],
  'one on an Azure DevOps Server': [
    'https://tfs.example.com/tfs/Collection/Project/_git/site',
    'ssh://tfs.example.com:22/tfs/Collection/Project/_git/site',
  ],
  'one of a user of Bitbucket Data Center': [
    'https://git.example.com/~user/site.git',
    'ssh://git@git.example.com:7999/~user/site.git',
  ],
  'one on an IPv6 address': ['http://[::1]:3000/team/site', 'ssh://git@[::1]/team/site.git'],
  'one on this machine': ['/srv/git/site.git', 'file:///srv/git/site.git', 'file:///srv/git/site'],
}

describe('addresses of one repository', () => {
  const groups = Object.entries(SAME).map(
    ([what, addresses]) => [what, addresses.map((each) => repositoryNameOf(each))] as const,
  )
  for (const [what, names] of groups) {
    test(`${what}: any is as good as any other, and none is of another repository`, () => {
      for (const one of names) {
        assert.ok(one)
        for (const [otherWhat, others] of groups) {
          for (const other of others) {
            assert.ok(other)
            assert.equal(
              isSameRepository(one, other),
              what === otherWhat,
              `${JSON.stringify(one)} ${JSON.stringify(other)}`,
            )
          }
        }
      }
    })
  }

  test('as a listing has them, they are the same again', () => {
    for (const addresses of Object.values(SAME)) {
      const listed = addresses.filter((address) => !address.startsWith('git://'))
      for (const address of listed) {
        const { url } = parseRemoteUrl(address, '/')
        assert.deepEqual(repositoryNameOf(url), repositoryNameOf(address), address)
      }
    }
  })
})

test('a path alone is that of a repository below any folder of any host', () => {
  const name = repositoryNameOfPath('Team/Site.git')
  const matches = (address: string) => {
    const other = repositoryNameOf(address)
    assert.ok(other)
    assert.equal(isSameRepository(name, other), isSameRepository(other, name))
    return isSameRepository(name, other)
  }
  assert.ok(matches('https://gerrit.example.com/a/team/site'))
  assert.ok(matches('ssh://gerrit.example.com:29418/team/site'))
  assert.ok(!matches('https://gerrit.example.com/myteam/site'))
  assert.ok(!matches('https://gerrit.example.com/team/site/docs'))
})

test('what names no repository has no name, and nothing is thrown', () => {
  for (const address of [
    '',
    ' ',
    '/',
    'https://',
    'https://host/',
    'file://host/x',
    'https://%zz/a',
  ]) {
    assert.equal(repositoryNameOf(address), undefined, address)
  }
  assert.ok(repositoryNameOf('https://host/a%zz'))
  assert.ok(!isSameRepository(repositoryNameOfPath(''), { host: 'host', path: 'a' }))
})
