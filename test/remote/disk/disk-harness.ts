// Sessions with repositories on disk; real git judges their packs.
import { appendFileSync } from 'node:fs'
import path from 'node:path'
import { DiskSession } from '../../../src/remote/disk/disk-session.js'
import type { FetchRequest } from '../../../src/remote/remote-session.js'
import { createRepo, git, type TestRepo } from '../../helpers/git.js'
import { refsBounds } from '../../helpers/memory.js'

/** Never aborts. */
export const signal = new AbortController().signal

/** A session with the repository in `directory`. */
export function open(directory: string, maxRefsBytes = 1 << 20): DiskSession {
  return new DiskSession(directory, refsBounds(maxRefsBytes))
}

/** Lists refs, each as a line of protocol v2. */
export async function lsRefs(directory: string, ...prefixes: string[]): Promise<string[]> {
  const refs = await open(directory).listRefs(prefixes, signal)
  return refs.map(({ oid, name, target, peeled }) => {
    const symref = target === undefined ? '' : ` symref-target:${target}`
    return `${oid} ${name}${symref}${peeled === undefined ? '' : ` peeled:${peeled}`}`
  })
}

export interface Fetched {
  /** What of the wants is, or peels to, a commit. */
  commits: string[]
  pack: Buffer
}

/** Fetches, at depth 1 where nothing else is said. */
export async function fetchPack(
  directory: string,
  wants: readonly string[],
  haves: readonly string[] = [],
  options: Partial<FetchRequest> = {},
): Promise<Fetched> {
  const request = { ...options, wants, haves, thinPack: true }
  const { chunks } = await open(directory).fetch(request, signal)
  const received: Buffer[] = []
  for await (const chunk of chunks) received.push(chunk)
  const commits = wants
    .map((want) => git(directory, 'rev-parse', `${want}^{}`))
    .filter((oid) => git(directory, 'cat-file', '-t', oid) === 'commit')
  return { commits, pack: Buffer.concat(received) }
}

/** A scratch repository that has received packs, for git to check. */
export class Receiver {
  readonly repo: TestRepo

  constructor(directory: string) {
    this.repo = createRepo(path.join(directory, 'receiver.git'), { bare: true })
  }

  /** Stores a pack, whose objects git computes anew, and returns their number. */
  receive({ pack, commits }: Fetched): number {
    const shallowFile = path.join(this.repo.gitDir, 'shallow')
    for (const oid of commits) appendFileSync(shallowFile, `${oid}\n`)
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
