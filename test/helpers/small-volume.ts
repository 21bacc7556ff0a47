// A volume that is full, or nearly: a small tmpfs that is filled up, or where none can be mounted,
// calls that fail as on one.
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

/** Runs `work` while there is room for only so many more steps. */
export type Shortage = (room: number, work: () => unknown) => Promise<void>

export interface SmallVolume {
  directory: string
  /** What it may run short of; `room` counts pages, files, or calls. */
  shortages: { name: string; when: Shortage }[]
}

const VOLUME_BYTES = 8 * 1024 * 1024
const PAGE_BYTES = 4096
const VOLUME_FILES = 400
/** What may need room. A rename needs none on most volumes; other tests let one fail. */
const WRITES = /^(linkSync|mkdirSync|openSync|symlinkSync|writeFileSync|writeSync)$/

/** Mounts it in a directory that it makes. */
export function createSmallVolume(mounts: Mounts, parent: string): SmallVolume {
  const directory = path.join(parent, 'small')
  if (!mounts.isAllowed) {
    mkdirSync(directory, { recursive: true })
    const shortages = ['ENOSPC', 'EDQUOT'].map((name) => ({
      name,
      when: failingWrites(name, directory),
    }))
    return { directory, shortages }
  }
  mounts.tmpfs(directory, `size=${VOLUME_BYTES},nr_inodes=${VOLUME_FILES}`)
  return {
    directory,
    shortages: [
      { name: 'no bytes', when: (room, work) => withBallast(directory, room, work) },
      { name: 'no files', when: (room, work) => withFiles(directory, room, work) },
      { name: 'EDQUOT', when: failingWrites('EDQUOT', directory) },
    ],
  }
}

/** Fills a volume, so that `pages` stay free. */
export async function withBallast(
  directory: string,
  pages: number,
  work: () => unknown,
): Promise<void> {
  const ballast = path.join(directory, 'ballast')
  const file = openSync(ballast, 'wx')
  try {
    const free = statfsSync(directory).bavail - pages
    const page = Buffer.alloc(PAGE_BYTES, 'x')
    for (let written = 0; written < free; written++) writeSync(file, page)
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

/** The call after so many fails that writes to the volume, and each after that. */
function failingWrites(code: string, directory: string): Shortage {
  return async (room, work) => {
    let count = 0
    const open = closeGate(({ name, isChange, paths }) => {
      const isThere = name === 'writeSync' || paths.some((file) => file.startsWith(directory))
      if (isThere && isChange && WRITES.test(name) && count++ >= room) throw fsError(code)
    })
    try {
      await work()
    } finally {
      open()
    }
  }
}
