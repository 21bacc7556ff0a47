// Real mounts, which are undone with the test, for tests that `needsMounts` lets run.
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { atEnd, type TestScope } from './at-end.js'

export interface Mounts {
  /** Mounts an empty volume, with options like `size=1m`, at a directory that it makes. */
  tmpfs(directory: string, options: string): void
  /** Shows a file or directory in another place, there perhaps read-only. */
  bind(from: string, at: string, isReadOnly?: boolean): void
  /** Lets what is bound at a place be written, or not. */
  remount(at: string, access: 'ro' | 'rw'): void
  /** Undoes the last mount at a place. */
  unmount(at: string): void
}

/** What the test mounts; whatever is left of it is unmounted at its end. */
export function createMounts(t: TestScope): Mounts {
  const mounted: string[] = []
  const forget = (at: string) => mounted.splice(mounted.lastIndexOf(at), 1)
  const mount = (args: string[], at: string) => {
    run('mount', [...args, at])
    mounted.push(at)
    atEnd(t, () => {
      if (!mounted.includes(at)) return
      run('umount', ['-l', at])
      forget(at)
    })
  }
  return {
    tmpfs(directory: string, options: string) {
      mkdirSync(directory, { recursive: true })
      mount(['-t', 'tmpfs', '-o', options, 'tmpfs'], directory)
    },
    bind(from: string, at: string, isReadOnly = false) {
      mount(['--bind', from], at)
      if (isReadOnly) this.remount(at, 'ro')
    },
    remount(at: string, access: 'ro' | 'rw') {
      run('mount', ['-o', `remount,bind,${access}`, at])
    },
    unmount(at: string) {
      run('umount', [at])
      forget(at)
    },
  }
}

function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: 'pipe' })
}
