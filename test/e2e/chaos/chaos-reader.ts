// A reader beside the service, in a thread of its own: it never stops looking, and keeps every
// fault. Of a link it must see one commit whole; of a directory, files that are some commit's.
import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { readTree } from '../../helpers/same-tree.js'
import { ALWAYS, type ChaosCommit, fingerprintOf, type Manifest } from './chaos-history.js'

export interface ReaderInput {
  /** A directory that is published in place, and a link. */
  directory: string
  link: string
}

export interface ReaderReport {
  trees: number
  files: number
  faults: string[]
}

const { directory, link } = workerData as ReaderInput
const report: ReaderReport = { trees: 0, files: 0, faults: [] }
const commits = new Map<string, Manifest>()
/** What may stand at each path, of whatever commit. */
const known = new Map<string, Set<string>>()
let isDone = false

parentPort?.on('message', (commit: ChaosCommit | undefined) => {
  if (!commit) isDone = true
  else {
    commits.set(commit.oid, commit.manifest)
    for (const [file, print] of Object.entries(commit.manifest)) {
      known.set(file, (known.get(file) ?? new Set()).add(print))
    }
    parentPort?.postMessage('known')
  }
})

while (!isDone) {
  readLink()
  readDirectory()
  await sleep(5)
}
parentPort?.postMessage(report)
parentPort?.close()

function readLink(): void {
  const target = readIfAny(() => readlinkSync(link))
  if (target === undefined) {
    lose(report.trees > 0, 'the link is gone')
    return
  }
  const oid = path.basename(target)
  const manifest = commits.get(oid)
  if (!manifest) {
    lose(true, `the link shows ${oid}, which no commit has`)
    return
  }
  const tree = readIfAny(() => readTree(path.resolve(path.dirname(link), target)))
  report.trees++
  if (!tree) {
    lose(true, `the worktree of ${oid} is not whole while it is read`)
    return
  }
  const found = Object.fromEntries(
    [...tree].flatMap(([file, entry]) =>
      'content' in entry ? [[file, fingerprintOf(entry.kind, entry.content)]] : [],
    ),
  )
  for (const file of new Set([...Object.keys(found), ...Object.keys(manifest)])) {
    lose(found[file] !== manifest[file], `${file} of ${oid}: ${found[file]}, not ${manifest[file]}`)
  }
}

function readDirectory(): void {
  for (const [file, prints] of known) {
    const print = readIfAny(() => printOf(path.join(directory, file)))
    if (print === undefined) {
      lose(report.files > 0 && file.startsWith(ALWAYS), `${file} is gone`)
      continue
    }
    report.files++
    lose(!prints.has(print), `${file} has a content that no commit gave it`)
  }
}

function printOf(file: string): string | undefined {
  const stat = lstatSync(file)
  if (stat.isDirectory()) return undefined
  if (stat.isSymbolicLink()) return fingerprintOf('symlink', readlinkSync(file))
  return fingerprintOf(stat.mode & 0o100 ? 'executable' : 'file', readFileSync(file))
}

function lose(isFault: boolean, what: string): void {
  if (isFault && report.faults.length < 100) report.faults.push(what)
}

/** Undefined where nothing is, or something else by now. */
function readIfAny<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (['ENOENT', 'ENOTDIR', 'EINVAL', 'ELOOP', 'EISDIR'].includes(code ?? '')) return undefined
    throw error
  }
}
