// Speaks protocol v2 to the local client, and lets real git judge its packs.
import assert from 'node:assert/strict'
import { appendFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { DELIM, decodePkts, encodePkt, FLUSH, type Pkt } from '../../../src/git/pkt-line.js'
import { createLocalClient } from '../../../src/remote/disk/local.js'
import { createRepo, type TestRepo } from '../../helpers/git.js'

const client = createLocalClient()

/** Posts the lines of a request, and returns the packet lines of the answer. */
export async function post(
  directory: string,
  command: string,
  lines: readonly string[],
  signal?: AbortSignal,
): Promise<Pkt[]> {
  const response = await client.request({
    url: `${pathToFileURL(directory).href}/git-upload-pack`,
    method: 'POST',
    body: [
      encodePkt(`command=${command}\n`),
      DELIM,
      ...lines.map((line) => encodePkt(`${line}\n`)),
      FLUSH,
    ],
    ...(signal ? { signal } : {}),
  })
  assert.equal(response.headers['content-type'], 'application/x-git-upload-pack-result')
  const pkts: Pkt[] = []
  for await (const pkt of decodePkts(response.body)) pkts.push(pkt)
  return pkts
}

/** Lines of text; `0000` and `0001` for flush and delim. */
export function textOf(pkts: readonly Pkt[]): string[] {
  return pkts.map((pkt) => {
    if (pkt.type === 'data') return pkt.payload.toString().replace(/\n$/, '')
    return pkt.type === 'flush' ? '0000' : '0001'
  })
}

/** Lists refs with everything asked for. */
export async function lsRefs(directory: string, ...prefixes: string[]): Promise<string[]> {
  const options = ['peel', 'symrefs', 'unborn']
  const lines = [...options, ...prefixes.map((prefix) => `ref-prefix ${prefix}`)]
  return textOf(await post(directory, 'ls-refs', lines))
}

export interface Fetched {
  shallow: string[]
  pack: Buffer
}

/** Fetches at depth 1. */
export async function fetchPack(
  directory: string,
  wants: readonly string[],
  haves: readonly string[] = [],
): Promise<Fetched> {
  const pkts = await post(directory, 'fetch', [
    'thin-pack',
    'no-progress',
    'ofs-delta',
    ...haves.map((oid) => `shallow ${oid}`),
    'deepen 1',
    ...wants.map((oid) => `want ${oid}`),
    ...haves.map((oid) => `have ${oid}`),
    'done',
  ])
  const delim = pkts.findIndex(({ type }) => type === 'delim')
  const [title, ...shallow] = textOf(pkts.slice(0, delim))
  assert.equal(title, 'shallow-info', `no pack came, but ${textOf(pkts.slice(0, 3))}`)
  assert.deepEqual(textOf(pkts.slice(delim + 1, delim + 2)), ['packfile'])
  assert.equal(pkts.at(-1)?.type, 'flush')
  const pack = pkts.slice(delim + 2, -1).map((pkt) => {
    assert.ok(pkt.type === 'data' && pkt.payload[0] === 1)
    return pkt.payload.subarray(1)
  })
  return { shallow: shallow.map((line) => line.replace('shallow ', '')), pack: Buffer.concat(pack) }
}

/** A scratch repository that has received packs, for git to check. */
export class Receiver {
  readonly repo: TestRepo

  constructor(directory: string) {
    this.repo = createRepo(path.join(directory, 'receiver.git'), { bare: true })
  }

  /** Stores a pack, whose objects git computes anew, and returns their number. */
  receive({ pack, shallow }: Fetched): number {
    const shallowFile = path.join(this.repo.gitDir, 'shallow')
    for (const oid of shallow) appendFileSync(shallowFile, `${oid}\n`)
    this.repo.gitBytes(['unpack-objects', '-q', '--strict'], { input: pack })
    return pack.readUInt32BE(8)
  }

  /** Throws unless all that `oid` reaches is here and sound. */
  check(oid: string): void {
    this.repo.git('update-ref', 'refs/tags/received', oid)
    this.repo.git('fsck', '--full', '--strict', '--no-dangling')
    this.repo.git('rev-list', '--objects', oid)
  }
}
