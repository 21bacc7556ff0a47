// `git-autosync validate`: every fault of a listing is told, and of what its entries log in with, by
// the exit code 2 and a line each.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { type TestScope, tempDir } from '../helpers/git.js'
import { type OneEntry, serveOneEntry } from '../helpers/one-entry.js'
import { runProgram, writeListing } from '../helpers/service.js'
import { createKey } from '../helpers/sshd.js'

function setUp(t: TestScope, entry: object = {}): Promise<OneEntry> {
  return serveOneEntry(t, { files: { file: '1' }, entry })
}

test('a listing that is invalid, or is not there, is told', async (t) => {
  const dir = tempDir(t)
  const listingPath = path.join(dir, 'listing.json')
  writeFileSync(
    listingPath,
    '[{"path":"a","repo":"x","branch":"m","tag":"t"},{"path":"a","repo":1}]',
  )
  const { code, stderr } = await runProgram(['validate', listingPath])
  assert.equal(code, 2)
  for (const pointer of [/\/0/, /\/1\/repo/]) assert.match(stderr, pointer)
  const absent = path.join(dir, 'absent.json')
  const validated = await runProgram(['validate', absent])
  assert.equal(validated.code, 2)
  assert.equal(
    validated.stderr,
    `${absent} does not exist: check the path (LISTING_PATH), and what is mounted there\n`,
  )
})

test('tells of a credential that is not there', async (t) => {
  const { dir, listingPath } = await setUp(t, { credential: 'deploy' })
  const file = path.join(dir, 'credentials.json')
  writeFileSync(file, '[{"name": "deply", "token": "s3cret"}]')
  const run = (env = {}) => runProgram(['validate', listingPath], env)
  const without = await run()
  assert.equal(without.code, 2)
  assert.match(without.stderr, /: \/0\/credential: CREDENTIALS_PATH is not set: set it/)
  const validated = await run({ CREDENTIALS_PATH: file })
  assert.equal(validated.code, 2)
  assert.match(validated.stderr, /no credential there has the name that the entry asks for/)
  assert.doesNotMatch(validated.stderr, /s3cret/)
  writeFileSync(file, '[{"name": "deploy", "token": "s3cret"}]')
  assert.equal((await run({ CREDENTIALS_PATH: file })).code, 0)
})

test('reads the files of keys that commits must be signed by', async (t) => {
  const keys = ['gone', 'empty', 'private.asc', 'broken.asc', 'signers', 'none', 'dir', 'good']
  const { dir, listingPath } = await setUp(t, { verify: { keys } })
  const good = readFileSync(`${createKey(path.join(dir, 'key'), 'ed25519')}.pub`, 'utf8')
  const begin = '-----BEGIN PGP'
  const contents = {
    empty: '',
    'private.asc': `${begin} PRIVATE KEY BLOCK-----\n\nabcd\n-----END PGP PRIVATE KEY BLOCK-----\n`,
    'broken.asc': `${begin} PUBLIC KEY BLOCK-----\n\nabcd\n-----END PGP PUBLIC KEY BLOCK-----\n`,
    signers: `# who\nme@example.com ${good}you@example.com ssh-ed25519 AAAA\n`,
    none: '# nobody yet\n',
    good,
  }
  for (const [name, content] of Object.entries(contents))
    writeFileSync(path.join(dir, name), content)
  mkdirSync(path.join(dir, 'dir'))
  const { code, stderr } = await runProgram(['validate', listingPath])
  assert.equal(code, 2)
  const words = [
    /cannot be read \(ENOENT\)/,
    /is empty: put the public keys there/,
    /holds a private key/,
    /has no public keys of OpenPGP that can be read/,
    /line 3 has no public key of SSH/,
    /has no keys/,
    /is a directory/,
  ]
  const lines = stderr.trim().split('\n')
  assert.equal(lines.length, words.length, stderr)
  for (const [index, each] of words.entries()) {
    assert.match(lines[index] ?? '', new RegExp(`: /0/verify/keys/${index}: The key file ${dir}/`))
    assert.match(lines[index] ?? '', each)
  }
  assert.doesNotMatch(stderr, /abcd/)
  const list = (revoked: string[]) =>
    writeListing(listingPath, [
      { path: 'out', repo: 'repos/one', verify: { keys: ['good'], revoked } },
    ])
  list(['empty', 'gone', 'signers'])
  const { stderr: faults } = await runProgram(['validate', listingPath])
  assert.match(faults, /: \/0\/verify\/revoked\/1: The key file .*\/gone cannot be read \(ENOENT\)/)
  assert.match(
    faults,
    /: \/0\/verify\/revoked\/2: The key file .*\/signers line 2 has no public key/,
  )
  assert.equal(faults.trim().split('\n').length, 2, faults)
  list(['good', 'none'])
  assert.equal((await runProgram(['validate', listingPath])).code, 0)
})

test('asks the remotes of several listings as the service would', async (t) => {
  const { repo, dir, listingPath } = await setUp(t)
  repo.git('tag', 'v1')
  repo.git('branch', 'feature/login')
  const [entry] = JSON.parse(readFileSync(listingPath, 'utf8'))
  const write = (name: string, entries: object[]) => {
    const file = path.join(dir, name)
    writeFileSync(file, JSON.stringify(entries.map((each) => ({ ...entry, ...each }))))
    return file
  }
  const good = write('good.json', [{ path: 'a' }, { path: 'b', commit: repo.oid('HEAD') }])
  const mistaken = [
    { path: 'a', branch: 'v1' },
    { path: 'b', branch: 'feature/logn' },
    { path: 'c', tag: 'v2' },
    { path: 'd', commit: '1'.repeat(40) },
    { path: 'e', repo: '/none' },
    { path: 'f', repo: '/none', suspend: true },
  ]
  const bad = write('bad.json', mistaken)
  assert.equal((await runProgram(['validate', good, bad])).code, 0)
  // What one of them lacks to log in with keeps no other from being asked.
  write('bad.json', [...mistaken, { path: 'g', repo: 'git@127.0.0.1:x', credential: 'deploy' }])
  const { code, stdout, stderr } = await runProgram(['validate', '--remote', good, bad])
  assert.equal(code, 2)
  assert.equal(stdout, `${good}: valid, 2 entries\n`)
  const lines = stderr.trim().split('\n')
  for (const [index, words] of [
    /\/0\/branch: The remote has no branch "v1" \(a tag has this name: write "tag"\)/,
    /\/1\/branch: The remote has no branch "feature\/logn" \(did you mean "feature\/login"\?\)/,
    /\/2\/tag: The remote has no tag "v2" \(did you mean "v1"\?\)/,
    /\/3\/commit: The remote does not have the wanted commit/,
    /\/4\/repo: \/none does not exist/,
    /\/6\/credential: CREDENTIALS_PATH is not set/,
  ].entries()) {
    assert.match(lines[index] ?? '', words)
  }
  assert.equal(lines.length, 6)
})

test('looks at the credentials that the environment gives', async (t) => {
  const { dir, listingPath } = await setUp(t)
  for (const [env, fault] of [
    [{ GIT_TOKEN_FILE: '/none/token' }, /GIT_TOKEN_FILE \/none\/token cannot be read \(ENOENT\)/],
    [{ NETRC: '/none/netrc' }, /The netrc file \/none\/netrc: it cannot be read \(ENOENT\)/],
    [{ GIT_TOKEN: 's3cret', GIT_PASSWORD: 's3cret' }, /in more than one way/],
  ] as const) {
    const { code, stderr } = await runProgram(['validate', listingPath], env)
    assert.equal(code, 2)
    assert.match(stderr, /: \/0\/repo: /)
    assert.match(stderr, fault)
    assert.doesNotMatch(stderr, /s3cret/)
  }
  const withCa = await runProgram(['validate', listingPath], {
    CA_FILE: path.join(dir, 'none.pem'),
  })
  assert.equal(withCa.code, 2)
  assert.match(withCa.stderr, /CA_FILE .*none\.pem cannot be read/)
  assert.equal((await runProgram(['validate', listingPath], { GIT_TOKEN: 's3cret' })).code, 0)
  // An SSH host may need none, and a local repository needs none.
  for (const repo of ['git@host:repo', '/srv/repo']) {
    writeListing(listingPath, [{ path: 'out', repo }])
    assert.equal((await runProgram(['validate', listingPath])).code, 0)
  }
})

test('looks at the credentials of SSH entries too', async (t) => {
  const dir = tempDir(t)
  const listingPath = path.join(dir, 'listing.json')
  const file = path.join(dir, 'credentials.json')
  writeListing(listingPath, [{ path: 'out', repo: 'git@host:repo', credential: 'deploy' }])
  const run = () => runProgram(['validate', listingPath], { CREDENTIALS_PATH: file })
  for (const [text, fault] of [
    [
      '[{"name": "deply", "sshKeyFile": "key"}]',
      /\/0\/credential: .*no credential there has the name that the entry asks for/,
    ],
    ['[{"name": "deploy"', /credentials\.json/],
  ] as const) {
    writeFileSync(file, text)
    const { code, stderr } = await run()
    assert.equal(code, 2)
    assert.match(stderr, fault)
  }
  const fields = {
    sshKeyFile: 'key.pem',
    sshPassphraseFile: 'passphrase.txt',
    knownHostsFile: 'known_hosts.txt',
  }
  writeFileSync(file, JSON.stringify([{ name: 'deploy', ...fields }]))
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = privateKey.export({ type: 'sec1', format: 'pem' }).toString()
  for (const [missing, name, text] of [
    [/known_hosts\.txt cannot be read \(ENOENT\)/, 'known_hosts.txt', ''],
    [/its sshPassphraseFile \S+ cannot be read \(ENOENT\)/, 'passphrase.txt', 'x'],
    [/its SSH key \S+\/key\.pem is missing/, 'key.pem', key],
  ] as const) {
    const { code, stderr } = await run()
    assert.equal(code, 2)
    assert.match(stderr, /: \/0\/credential: /)
    assert.match(stderr, missing)
    writeFileSync(path.join(dir, name), text)
  }
  assert.equal((await run()).code, 0)
})

test('looks at the client certificates of https entries too', async (t) => {
  const dir = tempDir(t)
  const listingPath = path.join(dir, 'listing.json')
  const file = path.join(dir, 'credentials.json')
  writeListing(listingPath, [{ path: 'out', repo: 'https://host/repo' }])
  const identity = { clientCertFile: 'none.crt', clientKeyFile: 'none.key' }
  writeFileSync(file, JSON.stringify([{ url: 'https://host', ...identity }]))
  const { code, stderr } = await runProgram(['validate', listingPath], { CREDENTIALS_PATH: file })
  assert.equal(code, 2)
  assert.match(
    stderr,
    /: \/0\/repo: The credential for https:\/\/host .* its clientCertFile \S+none\.crt cannot be read \(ENOENT\)/,
  )
})
