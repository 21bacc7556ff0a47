// The refs of a local repository, loose and packed, at the price of the files that
// can hold what is asked for. https://git-scm.com/docs/git-update-ref
import path from 'node:path'
import { isOid, type Oid } from '../../git/oid.js'
import { readIfExists } from './files.js'
import { isSafeName, readLooseRef, readLooseRefs } from './loose-refs.js'
import { PackedRefs } from './packed-refs.js'
import type { LocalRepository } from './repository.js'

export interface LocalRef {
  name: string
  oid: Oid
  /** The ref that a symbolic ref points to. */
  target?: string | undefined
  /** What an annotated tag finally points to, null where it is no such tag; undefined: not known. */
  peeled?: Oid | null | undefined
}

const MAX_SYMREF_DEPTH = 5

/**
 * The refs that start with any of `prefixes`, or all of them: HEAD, then the others sorted. Throws
 * `refs-too-large` where those in files of their own, or the packed ones, take more than `maxBytes`.
 */
export async function readRefs(
  repository: LocalRepository,
  prefixes: readonly string[],
  maxBytes: number,
): Promise<LocalRef[]> {
  const wanted = prefixes.length > 0 ? prefixes : ['']
  const loose = await readLooseRefs(repository.commonDir, wanted, maxBytes)
  const head = wanted.some((prefix) => 'HEAD'.startsWith(prefix))
    ? await readIfExists(path.join(repository.gitDir, 'HEAD'))
    : undefined
  if (head !== undefined) loose.set('HEAD', head.trim())
  const lookUp = async (name: string) =>
    loose.get(name) ?? (await readLooseRef(repository.commonDir, name))
  const targets = await followSymrefs(loose, lookUp)
  // Packing writes packed-refs before it deletes the loose ref, so this order misses none.
  const packed = await PackedRefs.read(repository.commonDir, repository.objectFormat, maxBytes)

  const refs = new Map<string, LocalRef>()
  for (const prefix of wanted) {
    for (const [name, oid, peeled] of packed.startingWith(prefix)) {
      refs.set(name, { name, oid, peeled })
    }
  }
  for (const [name, value] of loose) {
    const { target, last } = targets.get(name) ?? {}
    const found = last === undefined ? value : (last.value ?? packed.find(last.name))
    const oid = found !== undefined && isOid(found) ? found : undefined
    // A broken ref is none, and neither is a HEAD whose branch is yet to be.
    if (oid) refs.set(name, { name, oid, target })
  }
  return [...refs.values()].sort(byName)
}

/** For each symbolic ref the ref that it points to, and the last one of its chain. */
async function followSymrefs(
  loose: ReadonlyMap<string, string>,
  lookUp: (name: string) => Promise<string | undefined>,
) {
  type Chain = { target: string; last: { name: string; value: string | undefined } }
  const targets = new Map<string, Chain>()
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
    targets.set(name, { target, last })
  }
  return targets
}

function symrefTarget(value: string | undefined): string | undefined {
  const target = /^ref: *(\S+)$/.exec(value ?? '')?.[1]
  return target !== undefined && isSafeName(target) ? target : undefined
}

function byName(a: LocalRef, b: LocalRef): number {
  if (a.name === 'HEAD' || b.name === 'HEAD') return a.name === 'HEAD' ? -1 : 1
  return a.name < b.name ? -1 : 1
}
