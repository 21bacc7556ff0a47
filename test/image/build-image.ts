// Builds the Dockerfile as it is, on stand-ins for its base images, with buildah in a storage of
// its own. Each buildah has a mount namespace, so that none leaves a mount behind.
import { mkdirSync, rmSync } from 'node:fs'
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

/** Builds the checkout with `buildArguments`, and removes all but its result from `directory`. */
export function buildImage(directory: string, buildArguments: Record<string, string>): BuiltImage {
  const buildah = createBuildah(directory)
  build(buildah, directory, BUILD_BASE, writeBuildBase)
  build(buildah, directory, RUNTIME_BASE, writeRuntimeBase)
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
    ...Object.entries({ ...buildArguments, BUILD_BASE, RUNTIME_BASE }).map(
      ([name, value]) => `--build-arg=${name}=${value}`,
    ),
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
