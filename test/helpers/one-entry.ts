// What many end-to-end tests start from: a repository behind a git server, and a listing that
// publishes it at `out`.
import path from 'node:path'
import {
  createRepo,
  type RepoOptions,
  type TestFile,
  type TestRepo,
  type TestScope,
  tempDir,
} from './git.js'
import { type GitServer, type GitServerOptions, startGitServer } from './git-http-server.js'
import { writeListing } from './service.js'

export interface OneEntry {
  /** Holds all of it. */
  dir: string
  /** Where the entry is published. */
  out: string
  repo: TestRepo
  server: GitServer
  listingPath: string
}

export interface OneEntryOptions {
  /** What is committed at first. @default nothing is */
  files?: Record<string, TestFile>
  /** Further fields of the entry. */
  entry?: object
  server?: Omit<GitServerOptions, 'root'>
  /** @default as git makes it */
  repository?: RepoOptions
}

/** Serves a repository, and writes a listing for it. */
export async function serveOneEntry(t: TestScope, options: OneEntryOptions): Promise<OneEntry> {
  const { files, entry, repository, server: serverOptions } = options
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/one'), repository)
  if (files) repo.commit('first', files)
  const server = await startGitServer(t, { root: path.join(dir, 'repos'), ...serverOptions })
  const listingPath = path.join(dir, 'listing.json')
  writeListing(listingPath, [{ path: 'out', repo: `${server.url}/one`, ...entry }])
  return { dir, out: path.join(dir, 'out'), repo, server, listingPath }
}
