// Starts an image's file system as a container runtime does: process 1 of a PID namespace, a
// user id of no name, no capability, a read-only root, and only the image's environment.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { atEnd } from '../helpers/at-end.js'
import type { TestScope } from '../helpers/git.js'
import { type LogLine, until } from '../helpers/service.js'
import type { BuiltImage } from './build-image.js'

/** A user id that no file knows, in the group that OpenShift gives to every container. */
const USER = '12345:0'

/** Where a writable volume is, and where `files` are. */
export const VOLUME = '/volume'
export const FILES = '/files'

export interface Container {
  readonly logs: LogLine[]
  /** Waits for a log line. */
  untilLogged(message: string): Promise<LogLine>
  /** A file as the container sees it. */
  read(file: string): string
  /** Runs a command in the container, as a health check is; its exit code and output. */
  exec(command: readonly string[], env?: Record<string, string>): { code: number; text: string }
  /** Sends SIGTERM to process 1, and returns the exit code. */
  stop(): Promise<number>
}

export interface ContainerOptions {
  env: Record<string, string>
  /** A folder of this machine to be seen, read-only, at {@link FILES}. */
  files: string
}

/** Starts the image's entrypoint; it is killed after the test. */
export function startContainer(
  t: TestScope,
  image: BuiltImage,
  options: ContainerOptions,
): Container {
  const { root, config } = image
  for (const place of [VOLUME, FILES]) mkdirSync(path.join(root, place), { recursive: true })
  const command = chroot('$1', [...config.Entrypoint, ...(config.Cmd ?? [])])
  const script = `mount --bind "$2" "$1${FILES}"
    mount -t tmpfs -o mode=0770 tmpfs "$1${VOLUME}"
    mount -o remount,bind,ro "$1${FILES}"
    mount -o remount,bind,ro "$1"
    exec env -i ${quote(environment(image, options.env))} ${command}`
  const child = spawn('unshare', inNamespaces(script, root, options.files), {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  atEnd(t, () => child.kill('SIGKILL'))
  const exited = once(child, 'exit')
  const logs = readLogs(child)
  const processOne = () => childOf(child)
  return {
    logs,
    untilLogged: (message) =>
      until(() => {
        assert.equal(child.exitCode, null, JSON.stringify(logs))
        return logs.find((line) => line.message === message)
      }, `"${message}" is logged`),
    read: (file) => readFileSync(`/proc/${processOne()}/root${file}`, 'utf8'),
    exec(command, env = {}) {
      const inside = `/proc/${processOne()}/root`
      const { status, stdout, stderr } = spawnSync(
        'sh',
        [
          '-c',
          `exec env -i ${quote(environment(image, env))} ${chroot('$1', command)}`,
          'sh',
          inside,
        ],
        { encoding: 'utf8' },
      )
      return { code: status ?? -1, text: stdout + stderr }
    },
    async stop() {
      process.kill(processOne(), 'SIGTERM')
      const [code] = await exited
      return code
    },
  }
}

/** What Kubernetes says of a container. */
export interface ContainerSpec {
  /** In place of the image's entrypoint. */
  command?: readonly string[]
  args: readonly string[]
  env?: Record<string, string>
  /** A folder of this machine, and where the container has it. */
  volume: readonly [folder: string, mountPath: string]
  /** @default that of the image */
  user?: string
}

/** Runs a container to its end; returns its exit code, and what it said. */
export async function runContainer(
  image: BuiltImage,
  spec: ContainerSpec,
): Promise<{ code: number; text: string }> {
  const { args, command = image.config.Entrypoint, env = {}, user = image.config.User } = spec
  const [folder, mountPath] = spec.volume
  mkdirSync(path.join(image.root, mountPath), { recursive: true })
  const words = [...command, ...args]
  const script = `mount --bind "$2" "$1${mountPath}"
    exec env -i ${quote(environment(image, env))} ${chroot('$1', words, user)}`
  const child = spawn('unshare', inNamespaces(script, image.root, folder), {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      text += chunk
    })
  }
  const [code] = await once(child, 'close')
  return { code, text }
}

/** Arguments of `unshare`, for a script that has the root as `$1`, and a folder as `$2`. */
function inNamespaces(script: string, root: string, folder: string): string[] {
  const mounts = `mount --rbind "$1" "$1"
    mount -t proc proc "$1/proc"
    mount --bind /dev "$1/dev"`
  const flags = ['--mount', '--pid', '--fork', '--kill-child']
  return [...flags, 'sh', '-ec', `${mounts}\n${script}`, 'sh', root, folder]
}

/** Of a shell's command line; the program is looked for inside, along the image's PATH. */
function chroot(root: string, command: readonly string[], user = USER): string {
  return `/usr/sbin/chroot --userspec=${user} --groups= "${root}" ${quote(command)}`
}

function environment({ config }: BuiltImage, env: Record<string, string>): string[] {
  return [...config.Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)]
}

function quote(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
}

/** The only child of `unshare`, as this machine numbers it. */
function childOf({ pid }: ChildProcess): number {
  const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim())
  assert.ok(child > 0, 'the container runs')
  return child
}

function readLogs({ stdout }: ChildProcess): LogLine[] {
  const logs: LogLine[] = []
  assert.ok(stdout)
  createInterface(stdout).on('line', (line) => logs.push(JSON.parse(line) as LogLine))
  return logs
}
