import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeLsRefs, encodeLsRefs } from '../../../src/remote/smart/ls-refs.js'
import { failsWith } from '../../helpers/fails-with.js'
import { wantedRefs } from '../../helpers/memory.js'
import { decodeLines, pktStream } from '../../helpers/pkts.js'

const ONE = '1'.repeat(40)
const TWO = '2'.repeat(64)

test('asks for prefixes, peeled tags and symbolic refs', async () => {
  const capabilities = new Map([
    ['ls-refs', 'unborn'],
    ['agent', 'git/2'],
    ['object-format', 'sha256'],
  ])
  const request = encodeLsRefs(['HEAD', 'refs/heads/é'], capabilities)
  assert.deepEqual(await decodeLines(request), [
    'command=ls-refs',
    'agent=git-autosync',
    'object-format=sha256',
    '0001',
    'peel',
    'symrefs',
    'ref-prefix HEAD',
    'ref-prefix refs/heads/é',
    '0000',
  ])
})

test('says nothing that the server did not offer', async () => {
  const lines = ['command=ls-refs', '0001', 'peel', 'symrefs', '0000']
  assert.deepEqual(await decodeLines(encodeLsRefs([], new Map())), lines)
  const unknown = new Map([['object-format', 'sha3']])
  assert.throws(() => encodeLsRefs([], unknown), failsWith('object-format-unsupported'))
})

test('decodes refs with their attributes', async () => {
  const answer = pktStream(
    `${ONE} HEAD symref-target:refs/heads/main`,
    `${ONE} refs/heads/main`,
    `${TWO} refs/tags/v1 peeled:${TWO} unknown:attribute`,
    '0000',
  )
  assert.deepEqual(await decodeLsRefs(answer, wantedRefs()), [
    { name: 'HEAD', oid: ONE, peeled: undefined, target: 'refs/heads/main' },
    { name: 'refs/heads/main', oid: ONE, peeled: undefined, target: undefined },
    { name: 'refs/tags/v1', oid: TWO, peeled: TWO, target: undefined },
  ])
  assert.deepEqual(await decodeLsRefs(pktStream('0000'), wantedRefs()), [])
})

test('refuses malformed lines, and lists without an end', async () => {
  for (const line of ['', 'x', ONE, `${ONE} `, `unborn HEAD`, `${ONE} refs/tags/v peeled:12`]) {
    await assert.rejects(
      decodeLsRefs(pktStream(line, '0000'), wantedRefs()),
      failsWith('protocol-error', /malformed/),
    )
  }
  for (const lines of [[], [`${ONE} refs/heads/main`]]) {
    await assert.rejects(
      decodeLsRefs(pktStream(...lines), wantedRefs()),
      failsWith('protocol-error', /too early/),
    )
  }
  const words = failsWith('remote-error', /it said: trouble\)$/)
  await assert.rejects(decodeLsRefs(pktStream('ERR trouble'), wantedRefs()), words)
})
