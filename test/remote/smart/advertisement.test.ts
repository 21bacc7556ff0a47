import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { decodePkts } from '../../../src/git/pkt-line.js'
import {
  type Advertisement,
  decodeAdvertisement,
  objectFormatIn,
} from '../../../src/remote/smart/advertisement.js'
import { failsWith } from '../../helpers/fails-with.js'
import { createRepo, gitEnvironment, type TestRepo, tempDir } from '../../helpers/git.js'
import { wantedRefs } from '../../helpers/memory.js'
import { type Line, pktStream } from '../../helpers/pkts.js'

const SERVICE = '# service=git-upload-pack'
const ONE = '1'.repeat(40)
const TWO = '2'.repeat(40)
const ZERO = '0'.repeat(40)

const decode = (...lines: Line[]) => decodeAdvertisement(pktStream(...lines), wantedRefs())

/** What real git advertises, without the service line of HTTP. */
function advertise(repo: TestRepo, protocol: 0 | 2): Buffer {
  const args = ['upload-pack', '--stateless-rpc', '--http-backend-info-refs', repo.gitDir]
  const env = { ...gitEnvironment(), GIT_PROTOCOL: `version=${protocol}` }
  return spawnSync('git', args, { env }).stdout
}

async function advertisementOf(repo: TestRepo, protocol: 0 | 2): Promise<Advertisement> {
  return decodeAdvertisement(decodePkts([advertise(repo, protocol)]), wantedRefs())
}

for (const objectFormat of ['sha1', 'sha256'] as const) {
  test(`decodes what git advertises (${objectFormat})`, async (t) => {
    const repo = createRepo(path.join(tempDir(t), 'repo'), { objectFormat })
    const oid = repo.commit('first', { a: 'b' })
    repo.git('tag', 'light')
    repo.git('tag', '-a', '-m', 'annotated', 'v1')
    repo.git('branch', 'other')
    repo.git('symbolic-ref', 'refs/heads/alias', 'refs/heads/main')

    const v2 = await advertisementOf(repo, 2)
    assert.equal(v2.version, 2)
    assert.ok(v2.capabilities.has('ls-refs'))
    assert.match(v2.capabilities.get('fetch') ?? '', /shallow/)
    assert.match(v2.capabilities.get('agent') ?? '', /^git\//)
    assert.equal(objectFormatIn(v2.capabilities), objectFormat)

    const v0 = await advertisementOf(repo, 0)
    assert.ok(v0.version === 0)
    assert.equal(v0.capabilities.get('side-band-64k'), '')
    assert.ok(v0.capabilities.has('shallow'))
    assert.equal(objectFormatIn(v0.capabilities), objectFormat)
    const plain = { oid, peeled: undefined, target: undefined }
    assert.deepEqual(v0.refs, [
      { ...plain, name: 'HEAD', target: 'refs/heads/main' },
      { ...plain, name: 'refs/heads/alias' },
      { ...plain, name: 'refs/heads/main' },
      { ...plain, name: 'refs/heads/other' },
      { ...plain, name: 'refs/tags/light' },
      { ...plain, name: 'refs/tags/v1', oid: repo.oid('v1'), peeled: oid },
    ])
  })
}

test('an empty repository has no refs', async (t) => {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  const v0 = await advertisementOf(repo, 0)
  assert.ok(v0.version === 0)
  assert.deepEqual(v0.refs, [])
  const written = await decode(SERVICE, '0000', `${ZERO} capabilities^{}\0side-band-64k`, '0000')
  assert.deepEqual(written, {
    version: 0,
    capabilities: new Map([['side-band-64k', '']]),
    refs: [],
  })
})

test('older servers advertise an empty repository with a flush alone', async () => {
  const expected = { version: 0, capabilities: new Map(), refs: [] }
  assert.deepEqual(await decode(SERVICE, '0000', '0000'), expected)
})

test('the service line and its flush may be missing', async () => {
  const capabilities = new Map([['ls-refs', 'unborn']])
  for (const start of [[SERVICE, '0000'], [SERVICE], []]) {
    assert.deepEqual(await decode(...start, 'version 2', 'ls-refs=unborn', '0000'), {
      version: 2,
      capabilities,
    })
    const refs = await decode(...start, `${ONE} HEAD\0symref=HEAD:refs/heads/x a=b=c`, '0000')
    assert.ok(refs.version === 0)
    assert.equal(refs.capabilities.get('a'), 'b=c')
    assert.deepEqual(refs.refs, [
      { name: 'HEAD', oid: ONE, peeled: undefined, target: 'refs/heads/x' },
    ])
  }
})

test('protocol 1 is protocol 0 with a line before it', async () => {
  const answer = await decode(SERVICE, '0000', 'version 1', `${ONE} refs/heads/a\0`, '0000')
  assert.ok(answer.version === 0)
  assert.deepEqual(
    answer.refs.map(({ name }) => name),
    ['refs/heads/a'],
  )
})

test('shallow lines are no refs, and several refs may be symbolic', async () => {
  const answer = await decode(
    `${ONE} HEAD\0symref=HEAD:refs/heads/a symref=refs/x:refs/heads/b shallow`,
    `${ONE} refs/heads/a`,
    `${TWO} refs/x`,
    `shallow ${TWO}`,
    '0000',
  )
  assert.ok(answer.version === 0)
  assert.deepEqual(
    answer.refs.map(({ name, target }) => [name, target]),
    [
      ['HEAD', 'refs/heads/a'],
      ['refs/heads/a', undefined],
      ['refs/x', 'refs/heads/b'],
    ],
  )
})

test('what is no advertisement is refused', async () => {
  const html = Buffer.from('<!DOCTYPE html><html><body>Sign in</body></html>')
  const notGit = failsWith('protocol-error', /<!DOCTYPE html/)
  await assert.rejects(decodeAdvertisement(decodePkts([html]), wantedRefs()), notGit)
  const lists: Line[][] = [
    ['what is this', '0000'],
    [SERVICE, '0000', `${ONE}`, '0000'],
    [SERVICE, '0000', `${ONE} `, '0000'],
    [SERVICE, '0000', `${ONE.slice(1)} HEAD\0`, '0000'],
    [`${ONE} HEAD\0`, 'broken', '0000'],
    [Buffer.alloc(0), '0000'],
  ]
  for (const lines of lists) {
    await assert.rejects(decode(...lines), failsWith('protocol-error', /malformed/))
  }
})

test('an advertisement that was cut between two lines is not taken for a shorter one', async () => {
  const lists: Line[][] = [
    [],
    [SERVICE],
    [SERVICE, '0000'],
    [SERVICE, '0000', `${ONE} HEAD\0`],
    [`${ONE} HEAD\0`, `${ONE} refs/heads/main`],
    [SERVICE, '0000', 'version 2', 'ls-refs'],
  ]
  for (const lines of lists) {
    await assert.rejects(decode(...lines), failsWith('protocol-error', /too early/))
  }
})

test('the words of the server are passed on', async () => {
  for (const start of [[SERVICE, '0000'], []]) {
    const denied = failsWith('remote-error', /it said: you shall not pass\)$/)
    await assert.rejects(decode(...start, 'ERR you shall not pass'), denied)
  }
  const missing = failsWith('repository-not-found', /Repository not found/)
  await assert.rejects(decode('ERR Repository not found.', '0000'), missing)
})

test('an unknown object format is refused', () => {
  assert.equal(objectFormatIn(new Map()), 'sha1')
  assert.throws(
    () => objectFormatIn(new Map([['object-format', 'sha3']])),
    failsWith('object-format-unsupported', /sha3/),
  )
})
