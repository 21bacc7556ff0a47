// What real git's upload-pack answers to a shallow fetch: the pack, and where history ends.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import type { Oid } from '../../src/git/oid.js'
import { encodePkt, FLUSH } from '../../src/git/pkt-line.js'
import { gitEnvironment } from './git-command.js'
import type { TestRepo } from './test-repo.js'

export interface ShallowRequest {
  want: Oid
  /** What is there already. */
  have?: Oid | undefined
  /** Where the history of that ends. */
  shallow?: readonly Oid[]
  depth: number | 'full'
  /** As `blob:none`. @default none */
  filter?: string
}

export interface ShallowAnswer {
  pack: Buffer
  /** Where history ends now. */
  shallow: readonly Oid[]
}

const WHOLE = 0x7fffffff

/** By the request: the same commits are answered by the same pack, whichever repository has them. */
const answers = new Map<string, ShallowAnswer>()

/** Fetches as a client would that has what it says; what was asked before in this process is not asked again. */
export function shallowFetch(repo: TestRepo, request: ShallowRequest): ShallowAnswer {
  const { depth, filter, have, shallow, want } = request
  const key = JSON.stringify([want, have, shallow, depth, filter])
  const answer = answers.get(key) ?? ask(repo, request)
  answers.set(key, answer)
  return answer
}

function ask(repo: TestRepo, request: ShallowRequest): ShallowAnswer {
  const { depth, filter, have, shallow = [], want } = request
  const format = want.length === 64 ? ' object-format=sha256' : ''
  const input = Buffer.concat([
    encodePkt(
      `want ${want} thin-pack ofs-delta no-progress multi_ack${filter ? ' filter' : ''}${format}\n`,
    ),
    ...shallow.map((oid) => encodePkt(`shallow ${oid}\n`)),
    encodePkt(`deepen ${depth === 'full' ? WHOLE : depth}\n`),
    ...(filter ? [encodePkt(`filter ${filter}\n`)] : []),
    FLUSH,
    ...(have === undefined ? [] : [encodePkt(`have ${have}\n`)]),
    encodePkt('done\n'),
  ])
  const config = ['uploadpack.allowAnySHA1InWant', 'uploadpack.allowFilter']
  const output = execFileSync(
    'git',
    [
      ...config.flatMap((name) => ['-c', `${name}=true`]),
      ...['upload-pack', '--stateless-rpc', repo.gitDir],
    ],
    { input, env: gitEnvironment(), maxBuffer: 1 << 30, stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const ends = new Set(shallow)
  let position = 0
  for (;;) {
    const length = Number.parseInt(output.toString('latin1', position, position + 4), 16)
    const line = output.toString('latin1', position + 4, position + Math.max(4, length)).trim()
    const [word = '', oid = ''] = line.split(' ')
    position += Math.max(4, length)
    if (word === 'shallow') ends.add(oid)
    if (word === 'unshallow') ends.delete(oid)
    if (output.toString('latin1', position, position + 4) === 'PACK') break
    assert.ok(position < output.length, 'upload-pack sent no pack')
  }
  return { pack: output.subarray(position), shallow: [...ends] }
}
