// Repositories with submodules in each other, and what real git clones of them.
import { rmSync } from 'node:fs'
import path from 'node:path'
import { createRepo, git, type TestRepo, type TestScope, tempDir } from './git.js'
import type { CommitFile } from './git-commit.js'
import { type GitServer, startGitServer } from './git-http-server.js'
import { readTree, type Tree } from './same-tree.js'

/** A commit of another repository, at a path. */
export interface Module {
  repo: string
  oid: string
  url: string
  update?: string
  /** @default its path and ` x` */
  name?: string
}

/** By their paths. */
export type Modules = Map<string, Module>

/** A server for repositories. */
export interface Served {
  dir: string
  server: GitServer
  repoOf(name: string): TestRepo
}

/** Serves new repositories of these names. */
export async function serve(
  t: TestScope,
  names: readonly string[],
  protocol: 0 | 2 = 2,
): Promise<Served> {
  const dir = tempDir(t)
  const repos = new Map(
    names.map((name) => {
      const repo = createRepo(path.join(dir, 'repos', name), { bare: true })
      repo.git('config', 'uploadpack.allowFilter', 'true')
      return [name, repo]
    }),
  )
  const server = await startGitServer(t, { root: path.join(dir, 'repos'), protocol })
  return { dir, server, repoOf: (name) => repos.get(name) as TestRepo }
}

/** The gitlinks, and what says where they lead. */
export function filesOf(modules: Modules): Record<string, CommitFile> {
  const text = [...modules].map(([place, { name = `${place} x`, update, url }]) => {
    const more = update === undefined ? '' : `\tupdate = ${update}\n`
    return `[submodule "${name}"]\n\tpath = ${place}\n\turl = ${url}\n${more}`
  })
  const links = [...modules].map(([place, { oid }]) => [place, { gitlink: oid }])
  return { ...Object.fromEntries(links), ...(modules.size > 0 && { '.gitmodules': text.join('') }) }
}

/** What git clones with its submodules, or with those of the first level. */
export function clonedTree({ dir, server }: Served, isRecursive: boolean): Tree {
  const clone = path.join(dir, 'clone')
  // The server is in this process, which waits for git.
  const onDisk = ['-c', `url.${dir}/repos/.insteadOf=${server.url}/`]
  const url = `${server.url}/top`
  if (isRecursive) git(dir, ...onDisk, 'clone', '-q', '--recurse-submodules', url, clone)
  else {
    git(dir, ...onDisk, 'clone', '-q', url, clone)
    git(clone, ...onDisk, 'submodule', '-q', 'update', '--init')
  }
  const tree = [...readTree(clone)].filter(([name]) => !name.split('/').includes('.git'))
  rmSync(clone, { recursive: true })
  return new Map(tree)
}
