// Builds the Dockerfile as it is, but for its base images, with buildah in a storage of its
// own. Each buildah has a mount namespace, so that none leaves a mount behind.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { output } from './commands.js'
import { NPM_CACHE, writeBuildBase, writeRuntimeBase } from './stand-ins.js'

/** What the image says of how it is run, as Docker names it. */
export interface ImageConfig {
  User: string
  Env: string[]
  Entrypoint: string[]
  Cmd?: string[]
  WorkingDir: string
  StopSignal: string
  ExposedPorts: Record<string, object>
  Healthcheck: { Test: string[]; Interval: number; Timeout: number }
  Labels: Record<string, string>
}

export interface BuiltImage {
  /** A copy of its file system, which belongs to the caller. */
  root: string
  config: ImageConfig
}

const IMAGE = 'localhost/git-autosync'
const BUILD_BASE = 'localhost/stand-in-build'
const RUNTIME_BASE = 'localhost/stand-in-runtime'

/** The base images that a Dockerfile names, in its order. */
export function baseImages(dockerfile: string): string[] {
  const stages = [...dockerfile.matchAll(/^FROM (?:--\S+ )?(\S+) AS (\S+)$/gm)]
  const names = new Set(stages.map(([, , name]) => name))
  return stages.map(([, base = '']) => base).filter((base) => !names.has(base))
}

/** Builds the checkout with `buildArguments`, and removes all but its result from `directory`. */
export function buildImage(directory: string, buildArguments: Record<string, string>): BuiltImage {
  const buildah = createBuildah(directory)
  build(buildah, directory, BUILD_BASE, writeBuildBase)
  build(buildah, directory, RUNTIME_BASE, writeRuntimeBase)
  const file = path.join(directory, 'Dockerfile')
  writeFileSync(file, withStandIns(readFileSync('Dockerfile', 'utf8')))
  const cache = output('npm', ['config', 'get', 'cache'])
  mkdirSync(cache, { recursive: true })
  buildah(
    'build',
    '--pull-never',
    // OCI's own format knows no health check.
    '--format=docker',
    '--isolation=chroot',
    '--network=host',
    `--volume=${cache}:${NPM_CACHE}`,
    ...Object.entries(buildArguments).map(([name, value]) => `--build-arg=${name}=${value}`),
    `--file=${file}`,
    `--tag=${IMAGE}`,
    '.',
  )
  const inspected: { Docker: { config: ImageConfig } } = JSON.parse(
    buildah('inspect', '--type=image', IMAGE),
  )
  const root = buildah('mount', buildah('from', '--pull-never', IMAGE))
  return { root, config: inspected.Docker.config }
}

type Buildah = (command: string, ...args: string[]) => string

function createBuildah(directory: string): Buildah {
  const storage = [
    '--storage-driver=vfs',
    `--root=${path.join(directory, 'storage')}`,
    `--runroot=${path.join(directory, 'run')}`,
  ]
  return (command, ...args) =>
    output('unshare', ['--mount', 'buildah', ...storage, command, ...args])
}

function build(
  buildah: Buildah,
  directory: string,
  image: string,
  writeContext: (context: string) => void,
): void {
  const context = path.join(directory, 'context')
  mkdirSync(context)
  writeContext(context)
  buildah('build', '--isolation=chroot', `--tag=${image}`, context)
  rmSync(context, { recursive: true })
}

/** The last base image is the one of what is shipped. */
function withStandIns(dockerfile: string): string {
  const bases = baseImages(dockerfile)
  return bases.reduce(
    (text, base, index) =>
      text.replace(base, index === bases.length - 1 ? RUNTIME_BASE : BUILD_BASE),
    dockerfile,
  )
}
