// Makes the n-th call of node:fs fail, as if the volume or the process died there.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'

const CALLS = [
  'accessSync',
  'chmodSync',
  'chownSync',
  'closeSync',
  'copyFileSync',
  'existsSync',
  'fchmodSync',
  'fchownSync',
  'fstatSync',
  'fsyncSync',
  'futimesSync',
  'lchmodSync',
  'lchownSync',
  'linkSync',
  'lstatSync',
  'lutimesSync',
  'mkdirSync',
  'openSync',
  'readdirSync',
  'readFileSync',
  'readlinkSync',
  'readSync',
  'renameSync',
  'rmdirSync',
  'rmSync',
  'statSync',
  'symlinkSync',
  'truncateSync',
  'unlinkSync',
  'utimesSync',
  'writeFileSync',
  'writeSync',
] as const

type Call = (typeof CALLS)[number]

/** One call, by its name and the absolute paths it was given, as byte strings. */
export interface FsCall {
  name: Call
  paths: string[]
  /** Whether it may change what is on disk. */
  isChange: boolean
}

/** Stands before every call: throws, or lets it pass. */
type Gate = (call: FsCall, args: unknown[]) => void

/** An error as the operating system's. */
export function fsError(code: string): Error {
  return Object.assign(new Error(`${code}: injected fault`), { code, syscall: 'injected' })
}

/** Runs `work` and returns the calls it made. */
export function recordCalls(work: () => void): FsCall[] {
  const calls: FsCall[] = []
  withGate((call) => calls.push(call), work)
  return calls
}

/** Calls that leave everything on disk as it is. */
const READS: ReadonlySet<Call> = new Set([
  'accessSync',
  'closeSync',
  'fstatSync',
  'lstatSync',
  'readdirSync',
  'readFileSync',
  'readlinkSync',
  'readSync',
  'statSync',
])

/**
 * Runs `work`, whose call number `at` (from 0) fails, half done where it can be. After a `crash`
 * every further call fails too; only calls that change something are counted for it, as a crash
 * before any other is one before the next of those. Returns whether `work` came that far.
 */
export function failAt(
  at: number,
  kind: 'crash' | 'fault',
  work: () => void,
  code = 'EIO',
): boolean {
  const failing = failingGate(at, kind, code)
  try {
    withGate(failing.gate, work)
  } catch (error) {
    if (!failing.hasFailed()) throw error
  }
  return failing.hasFailed()
}

/** {@link failAt} with a crash, for work that takes its time; nothing else may run beside it. */
export async function crashAt(at: number, work: () => Promise<unknown>): Promise<boolean> {
  const failing = failingGate(at, 'crash', 'EIO')
  const open = closeGate(failing.gate)
  try {
    await work()
  } catch (error) {
    if (!failing.hasFailed()) throw error
  } finally {
    open()
  }
  return failing.hasFailed()
}

function failingGate(
  at: number,
  kind: 'crash' | 'fault',
  code: string,
): { gate: Gate; hasFailed: () => boolean } {
  let count = 0
  let isDown = false
  const fault = fsError(code)
  const gate: Gate = ({ name }, args) => {
    if (isDown) throw fault
    // It answers no, whatever went wrong.
    if (name === 'existsSync') return
    if (kind === 'crash' && !isChange(name, args)) return
    if (count++ !== at) return
    isDown = kind === 'crash'
    halfDo(name, args)
    throw fault
  }
  return { gate, hasFailed: () => count > at }
}

/** Runs `work` with `gate` before every call. */
export function withGate(gate: Gate, work: () => void): void {
  const open = closeGate(gate)
  try {
    work()
  } finally {
    open()
  }
}

/** Puts `gate` before every call, until the function that it returns is called. */
export function closeGate(gate: Gate): () => void {
  const originals = new Map(CALLS.map((name) => [name, Reflect.get(fs, name)]))
  let inside = false
  for (const [name, original] of originals) {
    const gated = (...args: unknown[]) => {
      // A function of node:fs may call another.
      if (inside) return Reflect.apply(original, fs, args)
      inside = true
      try {
        // Beside a descriptor there is content, or what was in that memory before.
        const named = typeof args[0] === 'number' ? [] : args.filter(isPath)
        const paths = named.map(asByteString).filter(path.isAbsolute)
        gate({ name, paths, isChange: isChange(name, args) }, args)
        return Reflect.apply(original, fs, args)
      } finally {
        inside = false
      }
    }
    Reflect.set(fs, name, gated)
  }
  syncBuiltinESMExports()
  return () => {
    for (const [name, original] of originals) Reflect.set(fs, name, original)
    syncBuiltinESMExports()
  }
}

const WRITING = fs.constants.O_WRONLY | fs.constants.O_RDWR | fs.constants.O_CREAT

function isChange(name: Call, [, flags]: unknown[]): boolean {
  const isWriting = typeof flags === 'number' ? (flags & WRITING) !== 0 : flags !== 'r'
  return !READS.has(name) && (name !== 'openSync' || isWriting)
}

function halfDo(name: Call, args: unknown[]): void {
  const [target, content] = args
  if (name === 'writeFileSync' && isPath(target)) {
    const bytes = Buffer.from(content as string | Buffer)
    fs.writeFileSync(target, bytes.subarray(0, bytes.length / 2))
  } else if (name === 'writeSync' && typeof target === 'number') {
    const bytes = content as Buffer
    fs.writeSync(target, bytes, 0, Math.floor(bytes.length / 2))
  } else if (name === 'rmSync' && typeof target === 'string') {
    if (!fs.lstatSync(target, { throwIfNoEntry: false })?.isDirectory()) return
    const [first] = fs.readdirSync(target)
    if (first) fs.rmSync(path.join(target, first), { recursive: true })
  }
}

function isPath(value: unknown): value is string | Buffer {
  return typeof value === 'string' || Buffer.isBuffer(value)
}

/** Below an open directory, the path that this has. */
export function asByteString(value: string | Buffer): string {
  const text = Buffer.from(value).toString('latin1')
  const [held] = /^\/proc\/\d+\/fd\/\d+/.exec(text) ?? []
  return held === undefined ? text : `${readlinkOf(held)}${text.slice(held.length)}`
}

function readlinkOf(held: string): string {
  return Buffer.from(fs.readlinkSync(held)).toString('latin1')
}
