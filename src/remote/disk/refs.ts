// The refs of a local repository, loose and packed, at the price of the files that
// can hold what is asked for. https://git-scm.com/docs/git-update-ref
import path from 'node:path'
import { isOid, type Oid } from '../../git/oid.js'
import type { RemoteRef } from '../remote-session.js'
import type { WantedRefs } from '../wanted-refs.js'
import { readIfExists } from './files.js'
import { isSafeName, readLooseRef, readLooseRefs } from './loose-refs.js'
import { type PackedRef, readPackedRefs, searchesFor } from './packed-refs.js'
import type { LocalRepository } from './repository.js'

const MAX_SYMREF_DEPTH = 5

/**
 * Fills `wanted` from a repository: HEAD, then the others sorted. Returns those of which nothing told
 * whether they peel to something. Throws `refs-too-large` where those in files of their own, or the
 * packed ones, take more than `maxBytes`, or what was asked for does not fit.
 */
export async function readRefs(
  { commonDir, gitDir, objectFormat }: LocalRepository,
  wanted: WantedRefs,
  maxBytes: number,
): Promise<RemoteRef[]> {
  const loose = await readLooseRefs(commonDir, wanted, maxBytes)
  const head = wanted.prefixes.some((prefix) => 'HEAD'.startsWith(prefix))
    ? await readIfExists(path.join(gitDir, 'HEAD'))
    : undefined
  if (head !== undefined) loose.set('HEAD', head.trim())
  const chains = await followSymrefs(loose, commonDir, wanted)
  /** What else is to be found among the packed ones. */
  const sought = new Map<string, Oid | undefined>()
  for (const { last } of chains.values()) {
    if (last.value === undefined) sought.set(last.name, undefined)
  }

  // Packing writes packed-refs before it deletes the loose ref, so this order misses none.
  const searches = searchesFor(wanted.prefixes, sought.keys())
  const unpeeled: RemoteRef[] = []
  const stale = new Map<string, PackedRef>()
  for await (const packed of readPackedRefs(commonDir, objectFormat, searches, maxBytes)) {
    wanted.assertAwaited()
    const { name, oid } = packed
    if (sought.has(name) && !sought.get(name)) sought.set(name, oid)
    if (loose.has(name)) stale.set(name, packed)
    else if (wanted.has(name)) await wanted.add(asRef(packed, unpeeled))
  }
  for (const [name, value] of loose) {
    const { target, last } = chains.get(name) ?? {}
    const found = last === undefined ? value : (last.value ?? sought.get(last.name))
    const before = stale.get(name)
    // A broken ref is none, and neither is a HEAD whose branch is yet to be.
    if (found !== undefined && isOid(found)) {
      wanted.refs.push(asRef({ name, oid: found, peeled: undefined }, unpeeled, target))
    } else if (before) {
      wanted.refs.push(asRef(before, unpeeled))
    }
  }
  wanted.refs.sort(byName)
  return unpeeled
}

function asRef({ name, oid, peeled }: PackedRef, unpeeled: RemoteRef[], target?: string) {
  const ref: RemoteRef = { name, oid, peeled: peeled ?? undefined, target }
  if (peeled === undefined) unpeeled.push(ref)
  return ref
}

/** What a symbolic ref names, and the last one of its chain. */
interface Chain {
  target: string
  last: { name: string; value: string | undefined }
}

async function followSymrefs(
  loose: ReadonlyMap<string, string>,
  commonDir: string,
  wanted: WantedRefs,
): Promise<Map<string, Chain>> {
  const others = new Map<string, string | undefined>()
  const lookUp = async (name: string) => {
    if (loose.has(name) || others.has(name)) return loose.get(name) ?? others.get(name)
    wanted.assertAwaited()
    const value = await readLooseRef(commonDir, name)
    await wanted.hold(name, value)
    others.set(name, value)
    return value
  }
  const chains = new Map<string, Chain>()
  for (const [name, text] of loose) {
    const target = symrefTarget(text)
    if (target === undefined) continue
    const last = { name: target, value: await lookUp(target) }
    for (let depth = 1; depth < MAX_SYMREF_DEPTH; depth++) {
      const next = symrefTarget(last.value)
      if (next === undefined) break
      last.name = next
      last.value = await lookUp(next)
    }
    chains.set(name, { target, last })
  }
  return chains
}

function symrefTarget(value: string | undefined): string | undefined {
  const target = /^ref: *(\S+)$/.exec(value ?? '')?.[1]
  return target !== undefined && isSafeName(target) ? target : undefined
}

function byName(a: RemoteRef, b: RemoteRef): number {
  if (a.name === 'HEAD' || b.name === 'HEAD') return a.name === 'HEAD' ? -1 : 1
  return a.name < b.name ? -1 : 1
}
