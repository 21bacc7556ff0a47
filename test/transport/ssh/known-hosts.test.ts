import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { describeKey } from '../../../src/ssh/fingerprint.js'
import { findKnownKeys } from '../../../src/transport/ssh/known-hosts.js'
import { tempDir } from '../../helpers/git.js'
import { createKey, fingerprintOf } from '../../helpers/sshd.js'

const NAMES = ['git.example', 'GIT.example', '[git.example]:2222', 'db.git.example', '::1', 'other']

test('finds what ssh-keygen finds: plain, hashed, wildcards, negation', (t) => {
  const file = path.join(tempDir(t), 'known_hosts')
  const key = readFileSync(`${createKey(`${file}.key`, 'ed25519')}.pub`, 'utf8').trim()
  const patterns = [
    'git.example',
    'Git.Example,10.0.0.1',
    '[git.example]:2222',
    '*.example',
    '*.example,!db.*',
    '!other,*',
    'g?t.ex*le',
    '::1',
    '*',
    '**example**',
  ]
  for (const pattern of patterns) {
    writeFileSync(file, `# a comment\n\n  ${pattern}\t${key} its comment\n`)
    for (const name of NAMES) {
      const found = findKnownKeys(readFileSync(file, 'utf8'), name)
      assert.equal(found.length > 0, keygenFinds(file, name), `${pattern} for ${name}`)
    }
  }
  writeFileSync(file, `git.example ${key}\n[git.example]:2222 ${key}\n`)
  execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' })
  const hashed = readFileSync(file, 'utf8')
  assert.match(hashed, /^\|1\|/)
  for (const name of NAMES.filter((each) => each === each.toLowerCase())) {
    assert.equal(findKnownKeys(hashed, name).length > 0, keygenFinds(file, name), `hashed ${name}`)
  }
})

test('tells markers apart, and passes over what is malformed', (t) => {
  const key = createKey(path.join(tempDir(t), 'key'), 'rsa')
  const [type = '', base64 = ''] = readFileSync(`${key}.pub`, 'utf8').split(' ')
  const lines = [
    `@cert-authority *.example ${type} ${base64}`,
    `@revoked * ${type} ${base64}`,
    `@other * ${type} ${base64}`,
    `a.example ssh-ed25519 ${base64}`,
    `a.example ${type}`,
    'a.example',
    '|1|broken',
    '|2|AAAA|AAAA ssh-rsa AAAA',
  ]
  const found = findKnownKeys(lines.join('\r\n'), 'a.example')
  assert.deepEqual(
    found.map(({ marker }) => marker),
    ['authority', 'revoked'],
  )
  const [{ blob } = { blob: Buffer.alloc(0) }] = found
  assert.equal(describeKey(blob), `ssh-rsa ${fingerprintOf(key)}`)
})

function keygenFinds(file: string, name: string): boolean {
  try {
    return execFileSync('ssh-keygen', ['-F', name, '-f', file]).length > 0
  } catch {
    // It exits with 1 where it finds nothing.
    return false
  }
}
