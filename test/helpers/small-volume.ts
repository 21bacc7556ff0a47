// A volume that is full, or nearly: a small tmpfs that is filled up, or calls that fail as where a
// quota is used up.
import {
  closeSync,
  mkdirSync,
  openSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { closeGate, fsError } from './fs-faults.js'
import type { Mounts } from './mounts.js'

/** Runs `work` while there is room below a directory for only so much more: pages, files, or calls. */
export type Shortage = (directory: string, room: number, work: () => unknown) => Promise<void>

const VOLUME_BYTES = 8 * 1024 * 1024
const PAGE_BYTES = 4096
const VOLUME_FILES = 400
/** What may need room. A rename needs none on most volumes; other tests let one fail. */
const WRITES = /^(linkSync|mkdirSync|openSync|symlinkSync|writeFileSync|writeSync)$/

/** What a volume may run short of. */
export const SHORTAGES: Record<string, Shortage> = {
  'no bytes': withBallast,
  'no files': withFiles,
  'no quota': withoutQuota,
}

/** Mounts one at a directory that it makes. */
export function mountSmallVolume(mounts: Mounts, directory: string): void {
  mounts.tmpfs(directory, `size=${VOLUME_BYTES},nr_inodes=${VOLUME_FILES}`)
}

/** Fills a volume, so that `pages` stay free. */
async function withBallast(directory: string, pages: number, work: () => unknown): Promise<void> {
  const ballast = path.join(directory, 'ballast')
  const file = openSync(ballast, 'wx')
  try {
    const free = statfsSync(directory).bavail - pages
    const bytes = Buffer.alloc(Math.max(free, 0) * PAGE_BYTES, 'x')
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
    await work()
  } finally {
    closeSync(file)
    rmSync(ballast)
  }
}

async function withFiles(directory: string, room: number, work: () => unknown): Promise<void> {
  const ballast = path.join(directory, 'ballast')
  mkdirSync(ballast)
  try {
    const free = statfsSync(directory).ffree - room
    for (let file = 0; file < free; file++) writeFileSync(path.join(ballast, String(file)), '')
    await work()
  } finally {
    rmSync(ballast, { recursive: true })
  }
}

/** The call after so many fails that writes below `directory`, and each after that. */
async function withoutQuota(directory: string, room: number, work: () => unknown): Promise<void> {
  let count = 0
  const open = closeGate(({ name, isChange, paths }) => {
    const isThere = name === 'writeSync' || paths.some((file) => file.startsWith(directory))
    if (isThere && isChange && WRITES.test(name) && count++ >= room) throw fsError('EDQUOT')
  })
  try {
    await work()
  } finally {
    open()
  }
}
