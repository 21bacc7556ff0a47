// `npm run memory`: the most memory that the whole program ever has, as the system counts it, while
// packs of at most 4 MiB ask for as much as they can, and while 1 GiB of Git LFS comes; exits with 1
// where it is more than 300 MiB. Options: --entries, how many remotes send a pack at once; --only, a
// part of a name.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { residentBytes } from '../../bench/proc.js'
import { cleanUpAll, type TestScope } from '../../helpers/at-end.js'
import { createRepo, tempDir } from '../../helpers/git.js'
import { HEAVY_PACKS, type HeavyPack, MAX_HEAVY_BYTES } from '../../helpers/heavy-packs.js'
import { startPackServer } from '../../helpers/pack-server.js'
import { MAIN } from '../../helpers/program.js'
import { writeListing } from '../../helpers/service.js'
import { serveLargeObjects } from './large-objects.js'

const MIB = 2 ** 20
const MOST_BYTES = 300 * MIB
const LOOK_MS = 20

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '4' },
    only: { type: 'string', default: '' },
  },
})
const places = Array.from({ length: Number(values.entries) }, (_, n) => n)
for (const [what, make] of Object.entries(HEAVY_PACKS)) {
  const makeSmall = () => {
    const heavy = make()
    if (heavy.pack.length > MAX_HEAVY_BYTES) throw new RangeError(`${what}: ${heavy.pack.length}`)
    return heavy
  }
  await report(what, async (scope) => {
    const server = await startPackServer(scope)
    server.serve(makeSmall())
    return places.map((n) => ({ path: `out${n}`, repo: `${server.url}/${n}.git`, branch: 'main' }))
  })
  // Where git cannot make an index of it, no repository has it.
  if (what.includes('that wait for')) continue
  await report(`${what}, on disk`, async (scope) => {
    const heavy = makeSmall()
    return places.map((n) => ({ path: `out${n}`, repo: putOnDisk(scope, heavy), branch: 'main' }))
  })
}
for (const [count, mib] of [
  [16, 64],
  [1024, 1],
] as const) {
  await report(`${count} objects of Git LFS of ${mib} MiB`, async (scope) => {
    const repo = await serveLargeObjects(scope, { count, bytes: mib * MIB })
    return [{ path: 'out', repo, branch: 'main', lfs: true }]
  })
}

/** A repository on this machine that has the pack; returns its directory. */
function putOnDisk(scope: TestScope, { pack, want }: HeavyPack): string {
  const repo = createRepo(path.join(tempDir(scope), 'repo.git'), { bare: true })
  const file = path.join(repo.gitDir, 'objects/pack/pack-heavy.pack')
  writeFileSync(file, pack)
  repo.git('index-pack', file)
  writeFileSync(path.join(repo.gitDir, 'refs/heads/main'), `${want}\n`)
  return repo.dir
}

/** Starts what is served, and returns the entries that ask for it. */
type Serve = (scope: TestScope) => Promise<object[]>

async function report(what: string, serve: Serve): Promise<void> {
  if (!what.includes(values.only)) return
  const { bytes, codes } = await measure(serve)
  const size = `${Math.round(bytes / MIB)} MiB`.padStart(8)
  console.log(`${what.padEnd(50)} ${size}  ${bytes > MOST_BYTES ? 'TOO MUCH  ' : ''}${codes}`)
  if (bytes > MOST_BYTES) process.exitCode = 1
}

/** The most that the program has while entries are synced once, and how they ended. */
async function measure(serve: Serve): Promise<{ bytes: number; codes: string }> {
  const cleanUps: (() => unknown)[] = []
  try {
    const entries = await serve({ after: (cleanUp) => cleanUps.push(cleanUp) })
    const directory = mkdtempSync(path.join(os.tmpdir(), 'git-autosync-memory-'))
    cleanUps.push(() => rmSync(directory, { recursive: true, force: true }))
    const listing = path.join(directory, 'listing.json')
    writeListing(listing, entries)
    const env = {
      LISTING_PATH: listing,
      HTTP_PORT: '0',
      ONE_TIME: 'true',
      PATH: process.env['PATH'],
      // As the image has it.
      MALLOC_MMAP_THRESHOLD_: '131072',
    }
    const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    let [log, bytes, isRunning] = ['', 0, true]
    child.stdout.on('data', (text) => {
      log += text
    })
    child.on('exit', () => {
      isRunning = false
    })
    // Of one that has ended, the system tells nothing any more.
    while (isRunning) {
      const { pid } = child
      if (pid !== undefined) bytes = Math.max(bytes, residentOf(pid))
      await sleep(LOOK_MS)
    }
    const codes = [...log.matchAll(/"errorCode":"([a-z-]+)"/g)].map(([, code]) => code)
    return { bytes, codes: [...new Set(codes)].join(', ') }
  } finally {
    await cleanUpAll(cleanUps)
  }
}

function residentOf(pid: number): number {
  try {
    return residentBytes(pid, 'VmHWM')
  } catch {
    // It is ending.
    return 0
  }
}
