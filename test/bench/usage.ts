// What directories take on a disk, as `du` counts.
import { lstatSync, readdirSync } from 'node:fs'
import path from 'node:path'

const BLOCK_BYTES = 512

/** What files and directories take. */
export interface Usage {
  bytes: number
  blockBytes: number
}

/** Of a directory with all below it, without inodes that were seen before; it adds its own. */
export function usageOf(directory: string, seen = new Set<string>()): Usage {
  const below = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  const usage: Usage = { bytes: 0, blockBytes: 0 }
  for (const name of ['', ...below]) {
    const { dev, ino, size, blocks } = lstatSync(path.join(directory, name))
    const inode = `${dev}:${ino}`
    if (seen.has(inode)) continue
    seen.add(inode)
    usage.bytes += size
    usage.blockBytes += blocks * BLOCK_BYTES
  }
  return usage
}
