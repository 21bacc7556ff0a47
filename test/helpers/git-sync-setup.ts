// What tests of git-sync as a process begin with.
import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import type { ServerOptions } from 'node:https'
import path from 'node:path'
import { createRepo, gitEnvironment, type TestFile, type TestScope, tempDir } from './git.js'
import { startGitServer } from './git-http-server.js'

interface SetUpOptions {
  auth?: string | undefined
  name?: string
  tls?: ServerOptions | undefined
}

/** Syncs often, and never gives up. */
export const QUICK = ['--period=250ms', '--max-failures=-1']

/**
 * A repository over HTTP with one commit, and the flags to sync it; `auth` is who may read it, with
 * the password, and `tls` makes it HTTPS.
 */
export async function setUp(
  t: TestScope,
  files: Record<string, TestFile> = { a: '1' },
  { auth, name = 'one', tls }: SetUpOptions = {},
) {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos', name))
  const first = repo.commit('first', files)
  const given = { ...(auth !== undefined && { auth }), ...(tls && { tls }) }
  const options = { root: path.join(dir, 'repos'), ...given }
  const server = await startGitServer(t, options)
  const address = `${server.url}/${name}`
  const root = path.join(dir, 'root')
  const link = path.join(root, 'link')
  const args = [`--repo=${address}`, `--root=${root}`, '--link=link']
  return { dir, repo, first, server, address, root, link, args }
}

/** What git says in a directory. */
export function gitIn(directory: string, ...args: string[]): string {
  const options = { cwd: directory, env: gitEnvironment(), encoding: 'utf8' } as const
  return execFileSync('git', args, options).trim()
}

/** A program that writes what it sees. */
export function writeHook(file: string, text: string): string {
  writeFileSync(file, `#!/bin/sh\n${text}\n`)
  chmodSync(file, 0o755)
  return file
}
