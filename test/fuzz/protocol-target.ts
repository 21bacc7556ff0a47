// What a damaged answer of a git server may lead to: refs and objects that are well-formed,
// those of real git where nothing was damaged, or a SyncError of a known code.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import fc from 'fast-check'
import { type ErrorCode, SyncError } from '../../src/base/errors.js'
import { isOid } from '../../src/git/oid.js'
import { decodePkts } from '../../src/git/pkt-line.js'
import { refsTooLarge } from '../../src/remote/refs-too-large.js'
import type { RemoteRef } from '../../src/remote/remote-session.js'
import { decodeAdvertisement } from '../../src/remote/smart/advertisement.js'
import { bounded } from '../../src/remote/smart/bounded.js'
import { encodeFetchV0, encodeFetchV2 } from '../../src/remote/smart/fetch-request.js'
import { decodeFetch } from '../../src/remote/smart/fetch-response.js'
import { decodeLsRefs, encodeLsRefs } from '../../src/remote/smart/ls-refs.js'
import { createRepo, type TestRepo, type TestScope, tempDir } from '../helpers/git.js'
import { gitEnvironment } from '../helpers/git-command.js'
import { wantedRefs } from '../helpers/memory.js'
import { readPack } from '../helpers/packs.js'
import { split } from '../helpers/spilled-packs.js'
import { mutateAnswer, protocolMutations } from './protocol-mutation.js'

const CODES: readonly ErrorCode[] = [
  'protocol-error',
  'connection-failed',
  'remote-error',
  'commit-not-found',
  'repository-not-found',
  'object-format-unsupported',
  'refs-too-large',
  'pack-corrupt',
  'base-missing',
]

/** One kind of answer: as real git gives it, and what it decodes to. */
interface Answer {
  bytes: Buffer
  decode: (chunks: readonly Buffer[]) => Promise<unknown>
}

/** The property, over every kind of answer that a server gives. */
export function protocolProperty(t: TestScope) {
  const answers = recordAnswers(createRepo(path.join(tempDir(t), 'repo')))
  const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 3 })
  const chosen = fc.nat(answers.length - 1)
  return fc.asyncProperty(chosen, protocolMutations, sizes, async (index, mutations, cuts) => {
    const { bytes, decode } = answers[index] as Answer
    const answer = mutateAnswer(bytes, mutations)
    const decoded = await outcomeOf(decode(split(answer, cuts)))
    if (!answer.equals(bytes)) return
    assert.deepEqual(decoded, await decode([bytes]))
  })
}

/** The result; or the code, which must be one that a remote's fault has. */
async function outcomeOf(decoding: Promise<unknown>): Promise<unknown> {
  try {
    return await decoding
  } catch (error) {
    if (!(error instanceof SyncError) || !CODES.includes(error.code)) throw error
    return error.code
  }
}

function recordAnswers(repo: TestRepo): Answer[] {
  repo.commit('first', { file: 'a'.repeat(2000), 'd/e': 'b' })
  repo.git('tag', '-a', '-m', 'annotated', 'v1')
  const tip = repo.commit('second', { file: `${'a'.repeat(2000)}, and more` })
  const wants = { wants: [tip], haves: [], thinPack: false }
  const v2 = uploadPack(repo, 2, '--http-backend-info-refs')
  const v0 = uploadPack(repo, 0, '--http-backend-info-refs')
  const capabilities = new Map([
    ['shallow', ''],
    ['side-band-64k', ''],
    ['ofs-delta', ''],
  ])
  const prefixes = ['HEAD', 'refs/']
  return [
    { bytes: v2, decode: decodeDiscovery },
    { bytes: v0, decode: decodeDiscovery },
    {
      bytes: uploadPack(repo, 2, '--stateless-rpc', encodeLsRefs(prefixes, new Map())),
      decode: async (chunks) => wellFormed(await decodeLsRefs(decodePkts(chunks), wantedRefs())),
    },
    {
      bytes: uploadPack(repo, 2, '--stateless-rpc', encodeFetchV2(wants, new Map())),
      decode: (chunks) => decodePack(chunks, 2),
    },
    {
      bytes: uploadPack(repo, 0, '--stateless-rpc', encodeFetchV0(wants, capabilities)),
      decode: (chunks) => decodePack(chunks, 0),
    },
  ]
}

/** What real git answers to a request. */
function uploadPack(repo: TestRepo, version: 0 | 2, how: string, input?: Buffer): Buffer {
  const env = { ...gitEnvironment(), GIT_PROTOCOL: `version=${version}` }
  const { stdout, status } = spawnSync('git', ['upload-pack', how, repo.dir], { env, input })
  assert.equal(status, 0)
  assert.ok(stdout.length > 50)
  return stdout
}

async function decodeDiscovery(chunks: readonly Buffer[]): Promise<unknown> {
  const advertisement = await decodeAdvertisement(
    bounded(decodePkts(chunks), 1 << 20, refsTooLarge),
    wantedRefs(),
  )
  if (advertisement.version === 0) wellFormed(advertisement.refs)
  return advertisement
}

function wellFormed(refs: RemoteRef[]): RemoteRef[] {
  for (const { name, oid, peeled } of refs) {
    assert.ok(name.length > 0 && isOid(oid) && (peeled === undefined || isOid(peeled)))
  }
  return refs
}

async function decodePack(chunks: readonly Buffer[], version: 0 | 2): Promise<unknown> {
  const received: Buffer[] = []
  for await (const chunk of decodeFetch(decodePkts(chunks), version)) received.push(chunk)
  const oids: string[] = []
  await readPack(Buffer.concat(received), { onObject: (oid) => oids.push(oid) })
  return oids
}
