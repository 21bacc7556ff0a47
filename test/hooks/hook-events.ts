// Events and hooks as tests of hooks need them.
import type { HookEvent } from '../../src/hooks/hook-event.js'
import type { PostHook, RunHook } from '../../src/listing/hook.js'

/** A publication of `oid`. */
export function eventOf(oid: string, more: Partial<HookEvent> = {}): HookEvent {
  return {
    event: 'after',
    entry: 'site',
    repo: 'https://git.example.com/a.git',
    ref: 'refs/heads/main',
    oid,
    previousOid: undefined,
    path: '/tmp',
    changed: { count: 1, paths: ['a'] },
    ...more,
  }
}

/** A hook that runs `program`. */
export function runHook(program: string, ...rest: string[]): RunHook {
  return {
    kind: 'run',
    name: 'after/0',
    timeoutMs: 30_000,
    backoffMs: 3000,
    program,
    arguments: rest,
  }
}

/** A hook that posts to `url`. */
export function postHook(url: string, more: Partial<PostHook> = {}): PostHook {
  return {
    kind: 'post',
    name: 'after/0',
    timeoutMs: 30_000,
    backoffMs: 3000,
    url,
    urlFile: undefined,
    headers: {},
    headerFiles: {},
    secretFile: undefined,
    body: undefined,
    ...more,
  }
}
