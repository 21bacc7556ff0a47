// A pack far larger than memory should hold, with one blob that is alone too large: the
// peak of a fresh process that publishes it, and how long that takes against a clone.
import { createCipheriv } from 'node:crypto'
import { rmSync, statfsSync } from 'node:fs'
import path from 'node:path'
import { startBenchService } from './bench-service.js'
import { type ImportedFile, importRepo } from './import-files.js'
import { residentBytes } from './proc.js'
import { timeGit } from './run-git.js'
import { delayRow, type Scenario } from './scenario.js'
import { alternate } from './statistics.js'

const MIB = 1024 * 1024
const BLOB_BYTES = 4 * MIB
/** On the volume at once: the repository, a publication with its pack, or a clone with its own. */
const COPIES = 4

export const largePack: Scenario = {
  name: 'large-pack',
  async run(bench) {
    const { directory, repos, server, scope, rounds, sizes } = bench
    const { packBytes, largeBlobBytes } = sizes
    assertRoom(directory, COPIES * packBytes)
    const repo = path.join(repos, 'large')
    scope.after(() => rmSync(repo, { recursive: true, force: true }))
    const files = randomFiles(packBytes, largeBlobBytes)
    const head = await importRepo(repo, files, 'core.compression=0')
    const url = `${server.url}/large`
    const remove = (name: string) =>
      rmSync(path.join(directory, name), { recursive: true, force: true })

    const { ours, git } = await alternate(
      { rounds, warmUps: 0 },
      {
        async ours() {
          const service = await startBenchService(bench)
          service.list([{ path: 'ours', repo: url }])
          const ms = await service.publishedMs('ours', head)
          const peakBytes = residentBytes(service.pid, 'VmHWM')
          const delayMs = await service.longestDelayMs()
          await service.stop()
          remove('ours')
          return { ms, peakBytes, delayMs }
        },
        async git() {
          const ms = await timeGit(directory, 'clone', '-q', '--depth', '1', url, 'clone')
          remove('clone')
          return ms
        },
      },
    )
    const what = `pack of ${packBytes / MIB} MiB with a blob of ${largeBlobBytes / MIB} MiB`
    return [
      {
        what: `${what}: peak memory`,
        unit: 'bytes',
        ours: ours.map(({ peakBytes }) => peakBytes),
        target: { value: 300 * MIB },
      },
      { what: `${what} / clone --depth 1`, unit: 'ms', ours: ours.map(({ ms }) => ms), git },
      delayRow(
        'large-pack',
        ours.map(({ delayMs }) => delayMs),
      ),
    ]
  },
}

/** Files that do not compress, one large and the others of a few MiB. */
function* randomFiles(bytes: number, largeBytes: number): Generator<ImportedFile> {
  yield { path: 'large.bin', bytes: largeBytes, content: randomBlocks(0, largeBytes) }
  for (let index = 1, left = bytes - largeBytes; left > 0; index++, left -= BLOB_BYTES) {
    const size = Math.min(left, BLOB_BYTES)
    yield { path: `assets/${index}.bin`, bytes: size, content: randomBlocks(index, size) }
  }
}

/** The same bytes for the same seed, without a repetition, in blocks of at most 4 MiB. */
export function* randomBlocks(seed: number, bytes: number): Generator<Buffer> {
  const key = Buffer.alloc(16, 'bench')
  const nonce = Buffer.alloc(16)
  nonce.writeUInt32BE(seed)
  const cipher = createCipheriv('aes-128-ctr', key, nonce)
  for (let left = bytes; left > 0; left -= BLOB_BYTES) {
    yield cipher.update(Buffer.alloc(Math.min(left, BLOB_BYTES)))
  }
}

function assertRoom(directory: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(directory)
  if (bavail * bsize >= bytes) return
  throw new Error(
    `needs ${bytes / MIB} MiB in ${directory}; ${(bavail * bsize) / MIB} MiB are free`,
  )
}
