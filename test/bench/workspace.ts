// Where the bench works, on which machine, and how it leaves nothing behind.
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { cleanUpAll, type TestScope } from '../helpers/at-end.js'
import { git } from '../helpers/git-command.js'

/** Where Linux has a tmpfs for everyone. */
const SHARED_MEMORY = '/dev/shm'
/** https://man7.org/linux/man-pages/man2/statfs.2.html */
const TMPFS_MAGIC = 0x0102_1994

export interface Workspace {
  directory: string
  isTmpfs: boolean
}

/** Makes an empty folder, on tmpfs where there is one; it is removed with the scope. */
export function createWorkspace(scope: TestScope): Workspace {
  const parent = isTmpfs(SHARED_MEMORY) ? SHARED_MEMORY : os.tmpdir()
  const directory = mkdtempSync(path.join(parent, 'git-autosync-bench-'))
  scope.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }))
  return { directory, isTmpfs: isTmpfs(directory) }
}

/** What the numbers were measured with. */
export function describeMachine(): Record<string, string | number> {
  const [cpu] = os.cpus()
  return {
    cores: os.availableParallelism(),
    cpu: cpu?.model.trim() ?? 'unknown',
    memoryMiB: Math.round(os.totalmem() / 1024 / 1024),
    system: `${os.type()} ${os.release()}`,
    node: process.version,
    git: git(os.tmpdir(), 'version').replace('git version ', ''),
  }
}

/** A scope that is closed by hand; the last that was registered is ended first. */
export class BenchScope implements TestScope {
  readonly #cleanUps: (() => unknown)[] = []

  after(cleanUp: () => unknown): void {
    this.#cleanUps.push(cleanUp)
  }

  /** Ends everything, also after something could not be ended, and then throws that. */
  async close(): Promise<void> {
    await cleanUpAll(this.#cleanUps)
  }
}

function isTmpfs(directory: string): boolean {
  try {
    return statfsSync(directory).type === TMPFS_MAGIC
  } catch {
    // There is no such folder on this system.
    return false
  }
}
