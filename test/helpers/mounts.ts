// Real mounts, which are undone with the test. Only root may make them.
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { atEnd } from './at-end.js'
import { type TestScope, tempDir } from './git.js'

export interface Mounts {
  /** Whether this process may mount, as in most containers that run tests as root. */
  readonly isAllowed: boolean
  /** Mounts an empty volume, with options like `size=1m`, at a directory that it makes. */
  tmpfs(directory: string, options: string): void
  /** Shows a file or directory in another place, there perhaps read-only. */
  bind(from: string, at: string, isReadOnly?: boolean): void
  /** Undoes the last mount at a place. */
  unmount(at: string): void
}

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
  const mounts = {
    tmpfs(directory: string, options: string) {
      mkdirSync(directory, { recursive: true })
      mount(['-t', 'tmpfs', '-o', options, 'tmpfs'], directory)
    },
    bind(from: string, at: string, isReadOnly = false) {
      mount(['--bind', from], at)
      if (isReadOnly) run('mount', ['-o', 'remount,bind,ro', at])
    },
    unmount(at: string) {
      run('umount', [at])
      forget(at)
    },
  }
  return { ...mounts, isAllowed: isAllowed(t, mounts) }
}

function isAllowed(t: TestScope, { tmpfs, unmount }: Omit<Mounts, 'isAllowed'>): boolean {
  const probe = path.join(tempDir(t), 'probe')
  try {
    tmpfs(probe, 'size=1m')
  } catch {
    return false
  }
  unmount(probe)
  return true
}

function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: 'pipe' })
}
