// Turns the hooks of an entry as written into what is done: what a schema cannot say is checked here.
import path from 'node:path'
import { isFileName, namedIn } from '../base/file-name.js'
import { assertExpanded, isWithin } from '../base/paths.js'
import { parseTimeout } from '../base/values.js'
import { findHeaderFaults, isWebUrl } from '../credentials/credential-faults.js'
import { MUST_BE_FILE_NAME } from '../credentials/secret-file.js'
import { isOwnFolder } from './directory.js'
import type { Hook } from './hook.js'
import { fillText, PLACEHOLDERS, unknownPlaceholders } from './hook-template.js'

/** A hook as the schema types it. */
export interface WrittenHook {
  run?: string[]
  post?: string
  postFile?: string
  touch?: string
  timeout?: string | number
  backoff?: string | number
  headers?: Record<string, string>
  headerFiles?: Record<string, string>
  secretFile?: string
  body?: unknown
}

/** Where hooks stand. */
export interface HooksContext {
  stage: 'before' | 'after'
  /** The folder of the listing. */
  folder: string
  mayRun: boolean
  /** Adds what is wrong with a field, by its JSON pointer below that of the hooks. */
  check<T>(pointer: string, parse: () => T): T | undefined
}

const KINDS = ['run', 'post', 'postFile', 'touch'] as const
const OF_POST = ['headers', 'headerFiles', 'secretFile', 'body'] as const

/** Those of `written` that have no faults. */
export function readHooks(written: readonly WrittenHook[], context: HooksContext): Hook[] {
  return written.flatMap((hook, index) => readHook(hook, index, context) ?? [])
}

function readHook(
  written: WrittenHook,
  index: number,
  { stage, check, folder, mayRun }: HooksContext,
): Hook | undefined {
  const {
    backoff = '3s',
    body,
    headerFiles = {},
    headers = {},
    secretFile,
    timeout = '30s',
  } = written
  const at = (field: string) => `/${index}/${field}`
  const kind = check(`/${index}`, () => kindOf(written))
  const attempts = {
    name: `${stage}/${index}`,
    timeoutMs: check(at('timeout'), () => parseTimeout(String(timeout))) ?? 0,
    backoffMs: check(at('backoff'), () => parseTimeout(String(backoff))) ?? 0,
  }
  const fileAt = (field: string, name: string | undefined) =>
    name === undefined ? undefined : check(at(field), () => toFile(name, folder))
  switch (kind) {
    case 'run': {
      const [program = '', ...rest] = written.run ?? []
      check(at('run'), () => assertRunnable(program, rest, mayRun))
      return { ...attempts, kind, program, arguments: rest }
    }
    case 'touch': {
      const file = fileAt('touch', written.touch)
      return file === undefined ? undefined : { ...attempts, kind, file }
    }
    case 'post':
    case 'postFile': {
      const { post: url } = written
      if (url !== undefined) check(at('post'), () => assertAddress(url))
      check(at('headers'), () => assertHeaders({ headers }))
      check(at('headerFiles'), () => assertHeaders({ headers, headerFiles }))
      check(at('body'), () => assertPlaceholders(body))
      const files = Object.entries(headerFiles).map(([name, file]) => [
        name.toLowerCase(),
        fileAt('headerFiles', file) ?? '',
      ])
      const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
      return {
        ...attempts,
        kind: 'post',
        url,
        urlFile: fileAt('postFile', written.postFile),
        headers: Object.fromEntries(lower),
        headerFiles: Object.fromEntries(files),
        secretFile: fileAt('secretFile', secretFile),
        body,
      }
    }
    case undefined:
      return undefined
  }
}

function kindOf(written: WrittenHook): (typeof KINDS)[number] {
  const [kind, ...more] = KINDS.filter((each) => written[each] !== undefined)
  if (kind === undefined || more.length > 0) {
    throw new RangeError(`needs one of ${KINDS.join(', ')}, and no more than one`)
  }
  const useless = OF_POST.find((field) => written[field] !== undefined)
  if (useless !== undefined && !kind.startsWith('post')) {
    throw new RangeError(`has ${useless}, which only post has a use for`)
  }
  return kind
}

function assertRunnable(program: string, rest: readonly string[], mayRun: boolean): void {
  if (!mayRun) {
    throw new RangeError(
      'is not allowed here: set RUN_HOOKS to true where whoever may change the listing may run programs as this service',
    )
  }
  if (program === '') throw new RangeError('has no program: its first text names it')
  if ([program, ...rest].some((text) => text.includes('\0'))) {
    throw new RangeError('must not have a NUL character')
  }
  if (program.includes('/') && !path.isAbsolute(program)) {
    throw new RangeError(
      'must name its program by an absolute path, or by a name that PATH leads to: a relative one would be taken from the commit',
    )
  }
}

/** Throws a RangeError where `url` is none for a hook, with its placeholders. */
export function assertAddress(url: string): void {
  assertPlaceholders(url)
  const sample = Object.fromEntries(PLACEHOLDERS.map((name) => [name, 'x']))
  const [start = ''] = /^[^:]*:\/\/[^/?#]*/.exec(url) ?? []
  if (start.includes('{')) throw new RangeError('may have placeholders after the host only')
  assertPostable(
    fillText(url, sample as Parameters<typeof fillText>[1]),
    ', and give the hook headerFiles instead',
  )
}

/** Throws a RangeError where nothing can be posted to `url`; `instead` says what may have credentials. */
export function assertPostable(url: string, instead = ''): void {
  if (!isWebUrl(url)) throw new RangeError('must be a URL of https:// or http://')
  const { password, username } = new URL(url)
  if (username !== '' || password !== '') {
    throw new RangeError(`has credentials in it: take them out${instead}`)
  }
}

/** What it is signed by is not said by others. */
const OWN_HEADER = /^webhook-(?:id|timestamp|signature)$/i

function assertHeaders(given: Pick<WrittenHook, 'headers' | 'headerFiles'>): void {
  const [fault] = findHeaderFaults(given)
  if (fault !== undefined) throw new RangeError(fault)
  const names = [given.headers, given.headerFiles].flatMap((each) => Object.keys(each ?? {}))
  const own = names.find((name) => OWN_HEADER.test(name))
  if (own !== undefined) throw new RangeError(`has ${own}, which this service sets itself`)
  const lower = names.map((name) => name.toLowerCase())
  if (new Set(lower).size < lower.length) throw new RangeError('has one header twice')
}

function assertPlaceholders(value: unknown): void {
  const [unknown] = unknownPlaceholders(value)
  if (unknown === undefined) return
  throw new RangeError(
    `has {{${unknown}}}, a placeholder that nobody fills: known are ${PLACEHOLDERS.map((name) => `{{${name}}}`).join(', ')}`,
  )
}

function toFile(name: string, folder: string): string {
  if (!isFileName(name)) throw new RangeError(MUST_BE_FILE_NAME)
  if (name.includes('\0')) throw new RangeError('must not have a NUL character')
  assertExpanded(name)
  return namedIn(folder, name).file
}

/** What is wrong with where hooks touch files: a predicate by the place of the hook, as `after/0`. */
export function findTouchFaults(
  hooks: readonly Hook[],
  directories: ReadonlySet<string>,
  stateDirectory: string | undefined,
): { name: string; message: string }[] {
  return hooks.flatMap((hook) => {
    if (hook.kind !== 'touch') return []
    const { file, name } = hook
    const isPublished = waysTo(file).some((each) => directories.has(each))
    const isState = stateDirectory !== undefined && isWithin(stateDirectory, file)
    if (!isPublished && !isState && !isOwnFolder(file)) return []
    const where = isPublished
      ? 'is published, where it would be drift'
      : 'this service has its state'
    return [{ name, message: `lies in what ${where}: touch a file outside of it` }]
  })
}

/** A path, and all directories that it lies in. */
function waysTo(file: string): string[] {
  const parent = path.dirname(file)
  return parent === file ? [file] : [file, ...waysTo(parent)]
}
