// Refs that are files of their own. Only the folders that can hold what is asked for
// are looked into. https://git-scm.com/docs/gitrepository-layout
import type { Dirent } from 'node:fs'
import { opendir } from 'node:fs/promises'
import path from 'node:path'
import { REF_BYTES, refsTooLarge } from '../refs-too-large.js'
import type { WantedRefs } from '../wanted-refs.js'
import { isMissing, readIfExists } from './files.js'

/** The content of one loose ref, an oid or `ref: <target>`; undefined where there is none. */
export async function readLooseRef(commonDir: string, name: string): Promise<string | undefined> {
  return (await readIfExists(path.join(commonDir, name)))?.trim()
}

/**
 * Names and contents of the loose refs that were asked for. Throws `refs-too-large` where they, with the
 * names beside them that are looked at, take more than `maxBytes`, or what was asked for does not fit.
 */
export async function readLooseRefs(
  commonDir: string,
  wanted: WantedRefs,
  maxBytes: number,
): Promise<Map<string, string>> {
  const { prefixes } = wanted
  const refs = new Map<string, string>()
  const visited = new Set<string>()
  let bytes = 0
  const walk = async (folder: string): Promise<void> => {
    if (visited.has(folder)) return
    visited.add(folder)
    for await (const entry of readFolder(path.join(commonDir, folder))) {
      const name = `${folder}/${entry.name}`
      bytes += REF_BYTES + name.length
      if (bytes > maxBytes) throw refsTooLarge(maxBytes)
      if (entry.isDirectory()) {
        const inside = `${name}/`
        if (prefixes.some((p) => p.startsWith(inside) || inside.startsWith(p))) await walk(name)
      } else if (wanted.has(name) && !name.endsWith('.lock')) {
        wanted.assertAwaited()
        const value = await readLooseRef(commonDir, name)
        if (value === undefined) continue
        bytes += value.length
        await wanted.hold(name, value)
        refs.set(name, value)
      }
    }
  }
  for (const prefix of prefixes) {
    const folder = folderOf(prefix)
    if (folder !== undefined) await walk(folder)
  }
  return refs
}

/** The folder that holds every ref of a prefix; undefined where there can be none. */
function folderOf(prefix: string): string | undefined {
  if ('refs/'.startsWith(prefix)) return 'refs'
  if (!prefix.startsWith('refs/') || !isSafeName(prefix)) return undefined
  return prefix.slice(0, prefix.lastIndexOf('/'))
}

/** Whether a name from outside stays within the repository as a path. */
export function isSafeName(name: string): boolean {
  return !name.startsWith('/') && !name.split('/').includes('..') && !name.includes('\0')
}

/** One entry after the other, as a folder may hold any number. */
async function* readFolder(folder: string): AsyncGenerator<Dirent> {
  try {
    yield* await opendir(folder, { bufferSize: 256 })
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}
